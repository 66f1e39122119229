/*
 * mapping_privileged: which records are about a role or group that makes administrators.
 */
#include "mapping_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *packs;
    const struct record_shape *shape;
    const char *record;
    const char *privileged;
} rows[] = {
    {"a name", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"AdministratorAccess\"}", "true"},
    {"a name of a second file", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"owner\"}", "true"},
    {"a name behind the last slash", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\","
     "\"role\":\"arn:aws:iam::aws:policy/AdministratorAccess\"}",
     "true"},
    {"a name that is only the end of a word", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"NoAdministratorAccess\"}", "false"},
    {"another case of an exact shape", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"administratoraccess\"}", "false"},
    {"a pattern of a whole text", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\","
     "\"role\":\"arn:aws:iam::aws:policy/PowerUserAccess\"}",
     "true"},
    {"a pattern behind the last slash", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"x/y/IAMFullAccess\"}", "true"},
    {"a name with a colon is a whole text", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"x/odd:name\"}", "false"},
    {"one of several policies", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"policies\":[\"a\",\"b\",\"owner\"]}", "true"},
    {"none of several policies", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"policies\":[\"a\",\"b\"]}", "false"},
    {"an escaped text", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"x\\/owne\\u0072\"}", "true"},
    {"nothing is shown", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\"}", "unknown"},
    {"an empty text shows nothing", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"role\":\"\"}", "unknown"},
    {"a group, where no groups are listed", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"group\":\"admins\"}", "unknown"},
    {"a group that is listed", "privileged+privileged_groups", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"group\":\"admins\"}", "true"},
    {"a group that is not", "privileged+privileged_groups", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Give\",\"group\":\"AdministratorAccess\"}", "false"},
    {"what a rule says counts", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Elevate\",\"role\":\"reader\"}", "true"},
    {"also that nothing can be known", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Bound\",\"role\":\"owner\"}", "unknown"},
    {"another principle", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Alarm\",\"role\":\"owner\"}", ""},
    {"no rule at all", "privileged", &shape_plain,
     "{\"service\":\"s\",\"op\":\"Take\",\"role\":\"owner\"}", ""},
    {"any case where the shape folds", "privileged", &shape_folded,
     "{\"op\":\"GIVE\",\"role\":\"global ADMINISTRATOR\"}", "true"},
    {"an id behind the last slash, in any case", "privileged", &shape_folded,
     "{\"op\":\"give\",\"role\":\"/roleDefinitions/62E90394-69F5\"}", "true"},
    {"a pattern in any case", "privileged", &shape_folded,
     "{\"op\":\"give\",\"role\":\"Roles/storage.ADMIN\"}", "true"},
    {"the role of a single change", "privileged", &shape_folded,
     "{\"op\":\"move\",\"deltas\":[{\"role\":\"roles/viewer\",\"member\":\"a\"},"
     "{\"role\":\"roles/compute.admin\",\"member\":\"b\"}]}",
     "true"},
    {"no role of any change", "privileged", &shape_folded,
     "{\"op\":\"move\",\"deltas\":[{\"role\":\"roles/viewer\",\"member\":\"a\"}]}",
     "false"},
    {"a list without changes", "privileged", &shape_folded,
     "{\"op\":\"move\",\"deltas\":[]}", "unknown"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_judged(void **state)
{
    const struct row *row = *state;
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    struct scanned scanned;
    struct match match = {0};

    assert_true(load_packs(row->packs, &set, &problems));
    const struct mapping *mapping = mapping_find(set, row->shape);
    scan_record(&scanned, mapping, row->record);
    mapping_match(mapping, &scanned.record, &scanned.values, &match);
    assert_string_equal(privileged_names[mapping_privileged(mapping, &match)],
                        row->privileged);

    match_clear(&match);
    scanned_clear(&scanned);
    mapping_set_free(set);
}

int main(void)
{
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_judged, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("privileged", tests, NULL, NULL);
}
