/*
 * gcp/sets.h and gcp/refused.h: one name that is refused does not keep the others of its
 * set from being read.
 */
#include "gcp_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_name(const json_t *sources, size_t set, size_t place, const char *name)
{
    const json_t *names = json_object_get(json_array_get(sources, set), "resources");
    assert_string_equal(json_string_value(json_array_get(names, place)), name);
}

static const char *after_of(const json_t *sources, size_t place)
{
    return json_string_value(json_object_get(json_array_get(sources, place), "after"));
}

static void what_is_refused_is_set_apart_behind_the_set_it_comes_from(void **state)
{
    static const char *const rows[][4] = {
        {"projects/case-0"},
        {"projects/case-57"},
        {"projects/case-99"},
        {"projects/case-3", "projects/case-4", "projects/case-80"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t bad_count = 0;
        gcp_world_deny(i % 2 == 0 ? 403 : 404, rows[i]);
        json_t *sources = gcp_world_expand_take(gcp_world_projects(0, 100), json_array());
        assert_int_equal(json_array_size(sources), 2);
        assert_string_equal(gcp_world_name(sources, 1), "set2");
        assert_string_equal(after_of(sources, 1), "");
        assert_null(after_of(sources, 0));
        for (; rows[i][bad_count] != NULL; bad_count++) {
            assert_name(sources, 1, bad_count, rows[i][bad_count]);
        }
        assert_int_equal(gcp_world_size(sources, 1), bad_count);
        assert_int_equal(gcp_world_size(sources, 0), 100 - bad_count);
        assert_in_range(gcp_world_asked(), 1, 15 * bad_count);
        json_decref(sources);
    }
}

static void what_stays_refused_stays_where_it_is(void **state)
{
    static const char *const denied[] = {"projects/case-1", "projects/case-2", NULL};
    (void)state;
    gcp_world_deny(403, denied);
    json_t *before = gcp_world_expand_take(gcp_world_projects(0, 4), json_array());
    json_t *after =
        gcp_world_expand_take(gcp_world_projects(0, 4), gcp_world_known(before));
    assert_int_equal(json_array_size(after), 2);
    assert_int_equal(gcp_world_size(after, 0), 2);
    assert_int_equal(gcp_world_size(after, 1), 2);
    assert_null(after_of(after, 1));
    json_decref(before);
    json_decref(after);
}

static void of_what_was_refused_the_rest_is_set_apart_when_one_answers(void **state)
{
    static const char *const both[] = {"projects/case-1", "projects/case-2", NULL};
    static const char *const one[] = {"projects/case-2", NULL};
    (void)state;
    gcp_world_deny(403, both);
    json_t *before = gcp_world_expand_take(gcp_world_projects(0, 4), json_array());
    gcp_world_deny(403, one);
    json_t *after =
        gcp_world_expand_take(gcp_world_projects(0, 4), gcp_world_known(before));
    assert_int_equal(json_array_size(after), 3);
    assert_name(after, 1, 0, "projects/case-1");
    assert_string_equal(gcp_world_name(after, 2), "set3");
    assert_string_equal(after_of(after, 2), "set2");
    assert_name(after, 2, 0, "projects/case-2");
    json_decref(before);
    json_decref(after);
}

static void one_name_is_not_asked_for_and_a_failure_parts_nothing(void **state)
{
    static const char *const denied[] = {"projects/case-1", NULL};
    (void)state;
    gcp_world_deny(403, denied);
    json_decref(gcp_world_expand_take(gcp_world_projects(1, 1), json_array()));
    assert_int_equal(gcp_world_asked(), 0);
    gcp_world_deny(400, denied);
    json_t *sources = gcp_world_expand_take(gcp_world_projects(0, 100), json_array());
    assert_int_equal(json_array_size(sources), 1);
    assert_int_equal(gcp_world_asked(), 1);
    json_decref(sources);
}

/* More would use up the quota that reading has; nobody is lost, some wait an hour. */
static void past_a_minutes_quota_no_more_is_asked(void **state)
{
    const char *denied[26] = {NULL};
    char names[25][24];
    (void)state;
    for (int i = 0; i < 25; i++) {
        snprintf(names[i], sizeof(names[i]), "projects/case-%d", 4 * i);
        denied[i] = names[i];
    }
    gcp_world_deny(403, denied);
    json_t *sources = gcp_world_expand_take(gcp_world_projects(0, 100), json_array());
    assert_int_equal(gcp_world_size(sources, 0) + gcp_world_size(sources, 1), 100);
    assert_in_range(gcp_world_size(sources, 1), 25, 99);
    assert_in_range(gcp_world_asked(), 50, 60);
    json_decref(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_set_apart_behind_the_set_it_comes_from),
        cmocka_unit_test(what_stays_refused_stays_where_it_is),
        cmocka_unit_test(of_what_was_refused_the_rest_is_set_apart_when_one_answers),
        cmocka_unit_test(one_name_is_not_asked_for_and_a_failure_parts_nothing),
        cmocka_unit_test(past_a_minutes_quota_no_more_is_asked),
    };
    return cmocka_run_group_tests_name("gcp refused", tests, NULL, gcp_world_forget);
}
