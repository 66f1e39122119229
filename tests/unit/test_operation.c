/* mapping/operation.h: names without their versions, and globs that may meet. */
#include "mapping/operation.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *operation;
    const char *stripped;
} rows[] = {
    {"a date", "CreateFunction20150331", "CreateFunction"},
    {"a date and a version", "UpdateFunctionCode20150331v2", "UpdateFunctionCode"},
    {"a date with underscores", "CreateDistribution2020_05_31", "CreateDistribution"},
    {"no version", "AddUserToGroup", "AddUserToGroup"},
    {"a number that is no date", "PutObject2", "PutObject2"},
    {"a date of another century", "Create19991231", "Create19991231"},
    {"a date inside", "Create20150331Function", "Create20150331Function"},
    {"a version alone", "ListObjectsV2", "ListObjectsV2"},
    {"nothing but a date", "20150331", "20150331"},
    {"underscores half way", "Create2020_0531", "Create2020_0531"},
    {"nothing", "", ""},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_strip(void **state)
{
    const struct row *row = *state;
    struct bytes stripped = operation_strip(bytes_of(row->operation));
    assert_true(bytes_equal(stripped, bytes_of(row->stripped)));
}

static struct version_row {
    const char *name;
    const char *operation;
    const char *without;
} versions[] = {
    {"a version in front", "v1.compute.firewalls.insert", "compute.firewalls.insert"},
    {"a stage in front", "beta.compute.firewalls.insert", "compute.firewalls.insert"},
    {"a version inside", "google.iam.admin.v1.createrole", "google.iam.admin.createrole"},
    {"a version with a stage", "a.v1beta2.b", "a.b"},
    {"a version with a patch", "a.v1p1beta1.b", "a.b"},
    {"a stage without a number", "a.v2alpha.b", "a.b"},
    {"two versions", "v1.a.v2.b", "a.b"},
    {"the last part is the method", "a.v1", "a.v1"},
    {"nothing but a version", "v1", "v1"},
    {"a word that begins with v", "a.view.b", "a.view.b"},
    {"v alone", "a.v.b", "a.v.b"},
    {"a version with something behind", "a.v1x.b", "a.v1x.b"},
    {"a stage with something behind", "a.betas.b", "a.betas.b"},
    {"p is no stage", "a.p1.b", "a.p1.b"},
    {"a patch without a number", "a.v1p.b", "a.v1p.b"},
    {"no dots", "setiampolicy", "setiampolicy"},
    {"dots alone", "..", ".."},
    {"nothing at all", "", ""},
};
enum { VERSIONS = sizeof(versions) / sizeof(versions[0]) };

static void versions_between_dots_are_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        uint8_t text[64] = {0};
        size_t size = strlen(versions[i].operation);
        memcpy(text, versions[i].operation, size);
        size = operation_drop_versions(text, size);
        if (!bytes_equal((struct bytes){text, size}, bytes_of(versions[i].without))) {
            fail_msg("%s: %.*s", versions[i].name, (int)size, (const char *)text);
        }
    }
}

static void fold_changes_ascii_letters_only(void **state)
{
    (void)state;
    uint8_t text[] = "@AZ[`az{\xc3\x89 9";
    operation_fold(text, sizeof(text) - 1);
    assert_string_equal((const char *)text, "@az[`az{\xc3\x89 9");
}

static bool overlap(const char *left, const char *right)
{
    bool overlaps = operation_globs_overlap(bytes_of(left), bytes_of(right));
    assert_int_equal(operation_globs_overlap(bytes_of(right), bytes_of(left)), overlaps);
    return overlaps;
}

static void globs_overlap_when_some_operation_matches_both(void **state)
{
    (void)state;
    assert_true(overlap("Create*", "*Instance"));
    assert_true(overlap("*", ""));
    assert_true(overlap("a*c", "ab*"));
    assert_true(overlap("*a*", "*b*"));
    assert_false(overlap("Create*", "Delete*"));
    assert_false(overlap("*Instance", "*Volume"));
    assert_false(overlap("a*c", "b*"));
    assert_false(overlap("a", "aa"));
    assert_false(overlap("a*b", "a"));
}

enum { LETTERS = 3, GLOB_MAX = 4, TEXT_MAX = 6 };

/* The text of a number in base three: "", "a", "b", "*", "aa", ... */
static size_t spell(size_t number, const char *letters, uint8_t *out)
{
    size_t size = 0;
    while (number > 0) {
        number--;
        out[size++] = (uint8_t)letters[number % LETTERS];
        number /= LETTERS;
    }
    return size;
}

static bool can_meet(struct bytes left, struct bytes right, size_t texts)
{
    uint8_t room[TEXT_MAX + 1];
    for (size_t i = 0; i < texts; i++) {
        struct bytes text = {room, spell(i, "abc", room)};
        if (text_matches_glob(text, left) && text_matches_glob(text, right)) {
            return true;
        }
    }
    return false;
}

/* Two globs of up to three bytes that meet at all do so in a text of up to six. */
static void overlap_agrees_with_trying_every_text(void **state)
{
    (void)state;
    enum { GLOBS = 1 + 3 + 9 + 27, TEXTS = 1 + 3 + 9 + 27 + 81 + 243 + 729 };
    for (size_t i = 0; i < GLOBS; i++) {
        for (size_t j = i; j < GLOBS; j++) {
            uint8_t one[GLOB_MAX];
            uint8_t two[GLOB_MAX];
            struct bytes left = {one, spell(i, "ab*", one)};
            struct bytes right = {two, spell(j, "ab*", two)};
            assert_int_equal(operation_globs_overlap(left, right),
                             can_meet(left, right, TEXTS));
        }
    }
}

int main(void)
{
    enum { OTHERS = 4 };
    struct CMUnitTest tests[ROWS + OTHERS] = {
        cmocka_unit_test(versions_between_dots_are_dropped),
        cmocka_unit_test(fold_changes_ascii_letters_only),
        cmocka_unit_test(globs_overlap_when_some_operation_matches_both),
        cmocka_unit_test(overlap_agrees_with_trying_every_text),
    };
    for (size_t i = 0; i < ROWS; i++) {
        tests[OTHERS + i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_strip, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}
