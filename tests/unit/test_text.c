/* base/text.h: what outside text may look like, and what becomes of it. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void make_printable_replaces_what_would_confuse_a_terminal(void **state)
{
    (void)state;
    char text[] = "a\x1b[2J\r\nb\x7f\xc2\x9b"
                  "c\xff\xc3\xa9";
    text_make_printable(text);
    assert_string_equal(text, "a?[2J??b???c?\xc3\xa9");
}

static void make_printable_replaces_what_reorders_a_line(void **state)
{
    (void)state;
    char text[] = "a\xe2\x80\xae"
                  "b\xe2\x81\xa6"
                  "c\xe2\x80\xa6";
    text_make_printable(text);
    assert_string_equal(text, "a???b???c\xe2\x80\xa6");
}

static void utf8_refuses_overlong_surrogate_and_past_the_end(void **state)
{
    (void)state;
    assert_true(text_is_utf8(bytes_of("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80")));
    assert_false(text_is_utf8(bytes_of("\xc0\xaf")));
    assert_false(text_is_utf8(bytes_of("\xe0\x9f\x80")));
    assert_false(text_is_utf8(bytes_of("\xed\xa0\x80")));
    assert_false(text_is_utf8(bytes_of("\xf4\x90\x80\x80")));
    assert_false(text_is_utf8(bytes_of("\xe2\x82")));
}

static bool matches(const char *text, const char *pattern)
{
    return text_matches_glob(bytes_of(text), bytes_of(pattern));
}

static void glob_stars_stand_for_any_run(void **state)
{
    (void)state;
    assert_true(matches("DescribeInstances", "Describe*"));
    assert_true(matches("abcbcd", "a*bcd"));
    assert_true(matches("", "*"));
    assert_true(matches("x.compute.insert", "*compute*insert"));
    assert_false(matches("DeleteListener", "List*"));
    assert_false(matches("Describe", "Describe*s"));
    assert_false(matches("a", ""));
}

static void nearest_suggests_only_slips(void **state)
{
    (void)state;
    static const char *const known[] = {"region", "account", "lookback"};
    assert_string_equal(text_nearest("regoin", known, 3), "region");
    assert_null(text_nearest("colour", known, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(make_printable_replaces_what_would_confuse_a_terminal),
        cmocka_unit_test(make_printable_replaces_what_reorders_a_line),
        cmocka_unit_test(utf8_refuses_overlong_surrogate_and_past_the_end),
        cmocka_unit_test(glob_stars_stand_for_any_run),
        cmocka_unit_test(nearest_suggests_only_slips),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
