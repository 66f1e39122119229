/* mapping/files.h: whose records a pack is about, without reading its YAML. */
#include "mapping/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *text;
    const char *records;
} rows[] = {
    {"in a later line", "pack: a\nrecords: aws-cloudtrail\nversion: 1\n",
     "aws-cloudtrail"},
    {"in the first line", "records: gcp-audit\n", "gcp-audit"},
    {"lines of another system", "pack: a\r\nrecords: gcp-audit\r\n", "gcp-audit"},
    {"a comment before it", "# records: other\nrecords: plain\n", "plain"},
    {"further in", "rules:\n  records: plain\n", ""},
    {"quoted", "records: \"plain\"\n", ""},
    {"with a comment", "records: plain # these\n", ""},
    {"cut off", "records: plain", ""},
    {"without a name", "records: \n", ""},
    {"another key", "records:plain\nrecord: plain\n", ""},
    {"nothing", "", ""},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_records(void **state)
{
    const struct row *row = *state;
    struct bytes found = files_records(bytes_of(row->text));
    assert_int_equal(found.size, strlen(row->records));
    assert_true(bytes_equal(found, bytes_of(row->records)));
}

int main(void)
{
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_records, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("files_records", tests, NULL, NULL);
}
