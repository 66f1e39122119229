/* gcp/sets.h and gcp/lql.h: which names make which sources, and what they ask for. */
#include "base/mem.h"
#include "base/timestamp.h"
#include "config/config.h"
#include "gcp/audit.h"
#include "gcp/lql.h"
#include "gcp/sets.h"
#include "gcp_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_first_set_has_the_entrys_name_and_all_hold_100(void **state)
{
    (void)state;
    json_t *sources = gcp_world_expand_take(gcp_world_projects(0, 250), json_array());
    assert_int_equal(json_array_size(sources), 3);
    assert_string_equal(gcp_world_name(sources, 0), "");
    assert_string_equal(gcp_world_name(sources, 1), "set2");
    assert_string_equal(gcp_world_name(sources, 2), "set3");
    assert_int_equal(gcp_world_size(sources, 0), 100);
    assert_int_equal(gcp_world_size(sources, 2), 50);
    json_decref(sources);
}

static void names_stay_and_newcomers_make_a_set_that_is_new(void **state)
{
    (void)state;
    json_t *before = gcp_world_expand_take(gcp_world_projects(0, 3), json_array());
    json_t *after =
        gcp_world_expand_take(gcp_world_projects(1, 4), gcp_world_known(before));
    assert_int_equal(json_array_size(after), 2);
    assert_string_equal(gcp_world_name(after, 0), "");
    assert_int_equal(gcp_world_size(after, 0), 2); /* case-0 is gone */
    assert_string_equal(gcp_world_name(after, 1), "set2");
    assert_int_equal(gcp_world_size(after, 1), 2); /* case-3 and case-4 are new */
    assert_null(json_object_get(json_array_get(after, 0), "known"));
    json_decref(before);
    json_decref(after);
}

static void the_number_of_a_set_that_is_gone_is_not_given_again(void **state)
{
    (void)state;
    json_t *before = gcp_world_expand_take(gcp_world_projects(0, 101), json_array());
    json_t *known = gcp_world_known(before);
    json_object_set_new(json_array_get(known, 1), "gone", json_integer(1));
    json_t *after = gcp_world_expand_take(gcp_world_projects(0, 102), known);
    assert_int_equal(json_array_size(after), 2);
    assert_string_equal(gcp_world_name(after, 1), "set3");
    json_decref(before);
    json_decref(after);
}

static void organisations_have_sets_of_their_own(void **state)
{
    (void)state;
    json_t *settings = json_pack("{s:[s], s:[s], s:[s], s:[s]}", "projects", "case-1",
                                 "organizations", "12", "folders", "7", "views",
                                 "organizations/12/locations/global/buckets/b/views/v");
    json_t *sources = NULL;
    struct error err = {0};
    assert_true(sets_check(settings, &err));
    assert_true(sets_expand(settings, NULL, &sources, &err));
    assert_int_equal(json_array_size(sources), 2);
    assert_int_equal(gcp_world_size(sources, 0), 3);
    assert_int_equal(gcp_world_size(sources, 1), 1);
    json_decref(sources);
    json_decref(settings);
}

/* How late an entry of each set may come, in hours. */
static void organisations_may_be_later_than_others_unless_it_is_said(void **state)
{
    (void)state;
    const json_int_t said_ms = (json_int_t)48 * MS_PER_HOUR;
    const int64_t hours[2][2] = {{24, 72}, {48, 48}};
    for (int is_said = 0; is_said < 2; is_said++) {
        json_t *settings =
            json_pack("{s:[s], s:[s]}", "projects", "case-1", "organizations", "12");
        json_t *sources = NULL;
        struct error err = {0};
        if (is_said) {
            json_object_set_new(settings, "late", json_integer(said_ms));
        }
        assert_true(sets_expand(settings, NULL, &sources, &err));
        for (size_t i = 0; i < 2; i++) {
            int64_t late_ms =
                config_late_ms(json_array_get(sources, i), provider_gcp_audit.slicing);
            assert_int_equal(late_ms / MS_PER_HOUR, hours[is_said][i]);
        }
        json_decref(sources);
        json_decref(settings);
    }
}

static struct check_row {
    const char *name;
    const char *settings;
    const char *says; /* NULL: they are good */
} checks[] = {
    {"nothing said is good", "{}", NULL},
    {"all four logs are good",
     "{\"logs\":[\"activity\",\"system_event\",\"policy\",\"data_access\"]}", NULL},
    {"a log that is none", "{\"logs\":[\"activities\"]}", "\"activities\" is none of"},
    {"no log at all", "{\"logs\":[]}", "logs: is empty"},
    {"a parent that is none", "{\"descendants_of\":[\"projects/p\"]}",
     "not like organizations/123"},
    {"a view without its bucket", "{\"views\":[\"projects/p/views/v\"]}", "not like"},
    {"no exclusions are good", "{\"exclusions\":[\"none\"]}", NULL},
    {"an exclusion with brackets and quotes is good",
     "{\"exclusions\":[\"(severity=INFO OR resource.type=\\\"a)\\\")\"]}", NULL},
    {"an exclusion that closes our bracket", "{\"exclusions\":[\"a) OR (b\"]}",
     "closes a bracket"},
    {"an exclusion whose quote does not end", "{\"exclusions\":[\"a=\\\"b\"]}",
     "quote that does not end"},
    {"an exclusion whose bracket does not end", "{\"exclusions\":[\"(a\"]}",
     "bracket that does not end"},
    {"an exclusion that comments out the rest", "{\"exclusions\":[\"a -- b\"]}",
     "comment"},
    {"an empty exclusion", "{\"exclusions\":[\" \"]}", "is empty"},
};
enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

static void test_check(void **state)
{
    const struct check_row *row = *state;
    json_t *settings = json_loads(row->settings, 0, NULL);
    assert_non_null(settings);
    struct error err = {0};
    assert_int_equal(sets_check(settings, &err), row->says == NULL);
    if (row->says != NULL && strstr(err.text, row->says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, row->says);
    }
    json_decref(settings);
}

static void a_filter_past_20000_characters_is_refused(void **state)
{
    (void)state;
    char *long_text = mem_new(1, 20001);
    memset(long_text, 'a', 20000);
    json_t *settings = json_pack("{s:[s]}", "exclusions", long_text);
    struct error err = {0};
    assert_false(sets_check(settings, &err));
    assert_non_null(strstr(err.text, "20000"));
    json_decref(settings);
    free(long_text);
}

static void a_sinks_filter_is_the_same_without_times(void **state)
{
    (void)state;
    json_t *settings = json_object();
    char *filter = lql_sink(settings);
    assert_string_equal(filter,
                        "(log_id(\"cloudaudit.googleapis.com/activity\") OR "
                        "log_id(\"cloudaudit.googleapis.com/system_event\") OR "
                        "log_id(\"cloudaudit.googleapis.com/policy\") OR "
                        "(log_id(\"cloudaudit.googleapis.com/data_access\") AND "
                        "protoPayload.serviceName=(\"iamcredentials.googleapis.com\" OR "
                        "\"sts.googleapis.com\"))) AND NOT "
                        "(protoPayload.methodName:\"io.k8s.coordination.\")");
    free(filter);
    json_decref(settings);
}

static void a_filter_without_exclusions_excludes_nothing(void **state)
{
    (void)state;
    json_t *settings =
        json_pack("{s:[s], s:[s]}", "logs", "activity", "exclusions", "none");
    char *filter = lql_sink(settings);
    assert_string_equal(filter, "(log_id(\"cloudaudit.googleapis.com/activity\"))");
    free(filter);
    json_decref(settings);
}

/* A gap in one of the logs that a source reads is a gap of the source. */
static void what_is_kept_longest_counts_only_where_nothing_else_is_read(void **state)
{
    static const struct retention_row {
        const char *settings;
        int days;
    } cases[] = {
        {"{}", 30},
        {"{\"logs\":[\"activity\"]}", 400},
        {"{\"logs\":[\"system_event\",\"activity\"]}", 400},
        {"{\"logs\":[\"activity\",\"policy\"]}", 30},
        {"{\"logs\":[\"activity\"],\"views\":[\"a view\"]}", 30},
        {"{\"logs\":[\"policy\"],\"retention\":31536000000}", 365},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *settings = json_loads(cases[i].settings, 0, NULL);
        assert_non_null(settings);
        assert_int_equal(provider_gcp_audit.retention_ms(settings),
                         cases[i].days * (int64_t)MS_PER_DAY);
        json_decref(settings);
    }
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(the_first_set_has_the_entrys_name_and_all_hold_100),
        cmocka_unit_test(names_stay_and_newcomers_make_a_set_that_is_new),
        cmocka_unit_test(the_number_of_a_set_that_is_gone_is_not_given_again),
        cmocka_unit_test(organisations_have_sets_of_their_own),
        cmocka_unit_test(organisations_may_be_later_than_others_unless_it_is_said),
        cmocka_unit_test(a_filter_past_20000_characters_is_refused),
        cmocka_unit_test(a_sinks_filter_is_the_same_without_times),
        cmocka_unit_test(a_filter_without_exclusions_excludes_nothing),
        cmocka_unit_test(what_is_kept_longest_counts_only_where_nothing_else_is_read),
    };
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    struct CMUnitTest tests[CHECKS + OTHERS] = {0};
    memcpy(tests, others, sizeof(others));
    for (size_t i = 0; i < CHECKS; i++) {
        tests[OTHERS + i] = (struct CMUnitTest){
            .name = checks[i].name, .test_func = test_check, .initial_state = &checks[i]};
    }
    return cmocka_run_group_tests_name("gcp sets", tests, NULL, NULL);
}
