/*
 * mapping/explain.h, to the letter: fixtures/packs/explain/ holds, for each row, what its
 * record is explained as. With BRIDGE_REGENERATE set, the texts are written.
 */
#include "mapping_world.h"

#include "base/mem.h"
#include "mapping/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 << 10 };

static struct row {
    const char *name;
    const char *golden;
    const char *record;
} rows[] = {
    {"a match, and a near miss with the condition that failed", "match",
     "{\"service\":\"iam.example\",\"op\":\"CreateGroup\",\"error\":\"no\","
     "\"actor\":{\"kind\":\"member\"}}"},
    {"both match", "both",
     "{\"service\":\"iam.example\",\"op\":\"CreateRole\","
     "\"actor\":{\"kind\":\"guest\",\"mfa\":null}}"},
    {"no condition of a near miss holds", "none_holds",
     "{\"service\":\"iam.example\",\"op\":\"CreateUser\",\"actor\":{\"mfa\":[1]}}"},
    {"a known operation of no principle", "no_principle",
     "{\"service\":\"iam.example\",\"op\":\"ListGroups\"}"},
    {"an unknown operation, and those that are close", "unknown_operation",
     "{\"service\":\"iam.example\",\"op\":\"ListGroup\"}"},
    {"an unknown service, and one that is close", "unknown_service",
     "{\"service\":\"iam.exampel\",\"op\":\"CreateGroup\"}"},
    {"neither service nor operation", "nameless", "{}"},
    {"nothing of the record moves the cursor", "control",
     "{\"service\":\"iam.example\",\"op\":\"Create\\u001b[2J\\n\\u0085\\u0000\","
     "\"actor\":{\"kind\":\"\\u001b[31mred\\r\\nx\"}}"},
    {"an operation that was decided", "decided",
     "{\"service\":\"iam.example\",\"op\":\"SimulateRole20150331\"}"},
    {"an operation of a service without rules that was decided", "decided_service",
     "{\"service\":\"mail.example\",\"op\":\"SendMail\"}"},
    {"conditions that fail, and a decision behind them", "decided_condition",
     "{\"service\":\"iam.example\",\"op\":\"CreateUser\",\"actor\":{\"mfa\":[1]}}"},
    {"a long value is cut", "long",
     "{\"service\":\"iam.example\",\"op\":\"CreateX\",\"actor\":{\"kind\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678\xc3\xa9tail\"}}"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_told(void **state)
{
    const struct row *row = *state;
    struct mapping_set *set = NULL;
    struct decisions *decisions = NULL;
    struct problems problems = {0};
    struct scanned scanned;
    struct buf told;
    buf_init(&told, TEXT_MAX);

    static const char *const directories[] = {"packs/explain", NULL};
    assert_true(load_packs("explain", &set, &problems));
    assert_true(
        decisions_load(directories, all_shapes, &shape_plain, &decisions, &problems));
    const struct mapping *mapping = mapping_find(set, &shape_plain);
    scan_record(&scanned, mapping, row->record);
    explain_record(mapping, decisions, &scanned.record, &scanned.values, &told);
    char *path = mem_format("packs/explain/%s.txt", row->golden);
    check_golden(path, buf_text(&told));
    free(path);

    scanned_clear(&scanned);
    buf_clear(&told);
    decisions_free(decisions);
    mapping_set_free(set);
    problems_clear(&problems);
}

int main(void)
{
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_told, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
