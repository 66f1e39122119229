/*
 * Each row loads folders of packs with mistakes; the golden text beside them holds, to
 * the letter, what an operator is told. With BRIDGE_REGENERATE set, it is written.
 */
#include "mapping_world.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TOLD_MAX = 64 << 10 };

static struct row {
    const char *name;
    const char *packs;
    const char *golden;
    size_t count;
} rows[] = {
    {"every mistake of a pack at once", "wrong_ten", "wrong_ten", 16},
    {"values of another type", "wrong_types", "wrong_types", 14},
    {"a repeated key", "wrong_key", "wrong_key", 1},
    {"records of an unknown shape, and names", "wrong_records", "wrong_records", 3},
    {"an empty file, and one of another ending", "wrong_empty", "wrong_empty", 2},
    {"an outcome that is never reached", "wrong_outcome", "wrong_outcome", 1},
    {"coverage", "wrong_coverage", "wrong_coverage", 5},
    {"tamper, privileged and examples", "wrong_flags", "wrong_flags", 8},
    {"privileged that is a list", "wrong_flags_list", "wrong_flags_list", 1},
    {"a service for records that have none", "wrong_shape", "wrong_shape", 1},
    {"too many rules for one operation", "wrong_many", "wrong_many", 2},
    {"files of one pack of different versions", "versions_differ", "versions_differ", 1},
    {"an id of an earlier directory", "replaced/10-shipped+twice", "twice", 1},
    {"a folder that is not there", "absent", "absent", 1},
    {"mistakes of several folders", "wrong_key+wrong_outcome", "two_folders", 2},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_told(void **state)
{
    const struct row *row = *state;
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    struct buf told;
    buf_init(&told, TOLD_MAX);

    assert_false(load_packs(row->packs, &set, &problems));
    assert_null(set);
    for (size_t i = 0; i < problems.count; i++) {
        assert_true(buf_addf(&told, "%s\n", problems.texts[i]));
    }
    char *path = mem_format("packs/%s.txt", row->golden);
    check_golden(path, buf_text(&told));
    assert_int_equal(problems.count, row->count);

    problems_clear(&problems);
    buf_clear(&told);
    free(path);
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
