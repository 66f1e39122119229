/*
 * mapping/decision.h: which operations are decided, and what is said of decisions that
 * are wrong, to the letter. With BRIDGE_REGENERATE set, the texts are written.
 */
#include "mapping/decision.h"

#include "mapping_world.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TOLD_MAX = 64 << 10 };

static bool load(const char *name, const struct record_shape *only,
                 struct decisions **decisions, struct problems *problems)
{
    char *folder = mem_format("packs/decisions/%s", name);
    const char *const directories[] = {folder, NULL};
    bool ok = decisions_load(directories, all_shapes, only, decisions, problems);
    free(folder);
    return ok;
}

static struct found {
    const char *name;
    const struct record_shape *shape;
    const char *service;
    const char *operation;
    const char *class; /* NULL: nobody decided */
    int line;
} rows[] = {
    {"a name in full", &shape_plain, "jobs.example", "RunJob", "job", 6},
    {"a version is no part of the name", &shape_plain, "jobs.example",
     "StartJob20150331v2", "job", 6},
    {"a pattern", &shape_plain, "jobs.example", "StopJobs", "job", 6},
    {"a name before a pattern", &shape_plain, "jobs.example", "StopJobQuietly", "signal",
     13},
    {"the first of two patterns", &shape_plain, "jobs.example", "StopJobNow", "job", 6},
    {"each of several services", &shape_plain, "mail.example", "GetStatus", "read", 10},
    {"another service", &shape_plain, "mail.example", "RunJob", NULL, 0},
    {"another case", &shape_plain, "jobs.example", "runjob", NULL, 0},
    {"no operation", &shape_plain, "jobs.example", "", NULL, 0},
    {"any case where the shape folds", &shape_folded, "", "RENAME thing", "label", 5},
    {"a pattern in any case", &shape_folded, "ignored", "space.station/UNDOCK", "label",
     5},
    {"a name of another shape", &shape_folded, "", "RunJob", NULL, 0},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_found(void **state)
{
    const struct found *row = *state;
    struct decisions *decisions = NULL;
    struct problems problems = {0};
    assert_true(load("good", NULL, &decisions, &problems));

    const struct decision *found = decisions_find(
        decisions, row->shape, bytes_of(row->service), bytes_of(row->operation));
    assert_int_equal(found != NULL, row->class != NULL);
    if (found != NULL) {
        assert_string_equal(decision_names[found->class], row->class);
        assert_int_equal(found->place.line, row->line);
    }
    decisions_free(decisions);
}

static void test_all(void **state)
{
    (void)state;
    struct decisions *decisions = NULL;
    struct problems problems = {0};
    assert_true(load("good", NULL, &decisions, &problems));
    size_t count = 0;
    const struct decision *all = decisions_all(decisions, &count);
    assert_int_equal(count, 4);
    assert_string_equal(all[0].why, "the job itself is judged where it is made");
    assert_null(all[1].why);
    assert_int_equal(all[1].services.count, 2);
    assert_string_equal(all[3].services.items[0], "");
    assert_ptr_equal(all[3].shape, &shape_folded);
    decisions_free(decisions);

    assert_true(load("good", &shape_folded, &decisions, &problems));
    decisions_all(decisions, &count);
    assert_int_equal(count, 1);
    decisions_free(decisions);
}

static void test_folder_that_is_not_there(void **state)
{
    (void)state;
    struct decisions *decisions = NULL;
    struct problems problems = {0};
    assert_true(load("misplaced", NULL, &decisions, &problems));
    size_t count = 1;
    decisions_all(decisions, &count);
    assert_int_equal(count, 0);
    decisions_free(decisions);
}

static void check_told(const struct problems *problems, const char *golden)
{
    struct buf told;
    buf_init(&told, TOLD_MAX);
    for (size_t i = 0; i < problems->count; i++) {
        assert_true(buf_addf(&told, "%s\n", problems->texts[i]));
    }
    char *path = mem_format("packs/decisions/%s.txt", golden);
    check_golden(path, buf_text(&told));
    free(path);
    buf_clear(&told);
}

static void test_every_mistake(void **state)
{
    (void)state;
    struct decisions *decisions = NULL;
    struct problems problems = {0};
    assert_false(load("wrong", NULL, &decisions, &problems));
    assert_null(decisions);
    check_told(&problems, "wrong");
    assert_int_equal(problems.count, 19);
    problems_clear(&problems);
}

static void test_version(void **state)
{
    (void)state;
    struct decisions *decisions = NULL;
    struct problems problems = {0};
    assert_false(load("stale", NULL, &decisions, &problems));
    check_told(&problems, "stale");
    assert_int_equal(problems.count, 1);
    problems_clear(&problems);
}

static void test_misplaced(void **state)
{
    (void)state;
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    assert_false(load_packs("decisions/misplaced", &set, &problems));
    check_told(&problems, "misplaced");
    assert_int_equal(problems.count, 1);
    problems_clear(&problems);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        {"all decisions in file order, of all shapes or one", test_all, NULL, NULL, NULL},
        {"a directory without decisions", test_folder_that_is_not_there, NULL, NULL,
         NULL},
        {"every mistake in one run", test_every_mistake, NULL, NULL, NULL},
        {"a version that is not the pack's", test_version, NULL, NULL, NULL},
        {"decisions in an ordinary pack", test_misplaced, NULL, NULL, NULL},
    };
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    struct CMUnitTest tests[ROWS + OTHERS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_found, .initial_state = &rows[i]};
    }
    memcpy(tests + ROWS, others, sizeof(others));
    return cmocka_run_group_tests_name("decisions", tests, NULL, NULL);
}
