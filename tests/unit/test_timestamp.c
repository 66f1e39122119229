/* base/timestamp.h: the forms of time that clouds write, each a row. */
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *text;
    int64_t ms; /* -1: refused */
} rows[] = {
    {"whole seconds", "2026-11-23T06:00:00Z", 1795413600000},
    {"milliseconds", "2026-11-23T06:00:00.123Z", 1795413600123},
    {"nanoseconds are cut", "2026-11-23T06:00:00.123999999Z", 1795413600123},
    {"one digit", "2026-11-23T06:00:00.5Z", 1795413600500},
    {"an offset", "2026-11-23T07:00:00+01:00", 1795413600000},
    {"the epoch", "1970-01-01T00:00:00Z", 0},
    {"a leap day", "2024-02-29T00:00:00Z", 1709164800000},
    {"no leap day", "2023-02-29T00:00:00Z", -1},
    {"no zone", "2026-11-23T06:00:00", -1},
    {"text behind", "2026-11-23T06:00:00Z ", -1},
    {"an empty fraction", "2026-11-23T06:00:00.Z", -1},
    {"month 13", "2026-13-01T00:00:00Z", -1},
    {"hour 24", "2026-11-23T24:00:00Z", -1},
    {"nothing", "", -1},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_parse(void **state)
{
    const struct row *row = *state;
    int64_t ms = -1;
    bool parsed = timestamp_parse(bytes_of(row->text), &ms);
    assert_int_equal(parsed, row->ms >= 0);
    assert_int_equal(ms, row->ms);
}

static void every_form_reads_back(void **state)
{
    (void)state;
    char text[TIMESTAMP_TEXT_SIZE];
    for (int64_t ms = 0; ms < 253402300800000; ms += 86399999987) {
        int64_t again = 0;
        timestamp_format(ms, text);
        assert_true(timestamp_parse(bytes_of(text), &again));
        assert_int_equal(again, ms);
    }
    timestamp_format_clf(1795413600123, text);
    assert_string_equal(text, "[23/Nov/2026:06:00:00 +0000]");
    timestamp_format_compact(1795413600123, text);
    assert_string_equal(text, "20261123T060000Z");
}

static void http_dates_are_read(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_true(timestamp_parse_http(bytes_of("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
    assert_int_equal(ms, 784111777000);
    assert_false(timestamp_parse_http(bytes_of("Sunday, 06-Nov-94 08:49:37 GMT"), &ms));
    assert_false(timestamp_parse_http(bytes_of("Sun, 06 Xxx 1994 08:49:37 GMT"), &ms));
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_parse, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(every_form_reads_back);
    tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(http_dates_are_read);
    return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
