/* base/problems.h: what is told, and in which order. */
#include "base/problems.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void within_a_file_they_follow_its_lines(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "b: whole", "b:2:1: first", "b:2:1: again", "b:2:9: x",
        "b:7:1: y", "no file",      "a:1:1: z",
    };
    struct problems problems = {0};
    problems_add(&problems, "b", 7, 1, "y");
    problems_add(&problems, NULL, 0, 0, "no file");
    problems_add(&problems, "b", 2, 1, "first");
    problems_add(&problems, "a", 1, 1, "z");
    problems_add(&problems, "b", 2, 9, "x");
    problems_add(&problems, "b", 2, 1, "again");
    problems_add(&problems, "b", 0, 0, "whole");
    assert_int_equal(problems.count, 7);
    for (size_t i = 0; i < problems.count; i++) {
        assert_string_equal(problems.texts[i], wanted[i]);
    }
    problems_clear(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_a_file_they_follow_its_lines),
    };
    return cmocka_run_group_tests_name("problems", tests, NULL, NULL);
}
