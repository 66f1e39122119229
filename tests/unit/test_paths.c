/* record/paths.h: which texts are paths, and what is said about the others. */
#include "record/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *text;
    const char *fault; /* NULL: it is a path */
} rows[] = {
    {"a key", "eventName", NULL},
    {"keys", "userIdentity.sessionContext.attributes.mfaAuthenticated", NULL},
    {"signs in a key", "protoPayload.@type-x/y:z=$", NULL},
    {"a quoted key", "requestParameters.\"a.key with [dots]!\"", NULL},
    {"an escaped quote", "\"a\\\"b\\\\\"", NULL},
    {"an empty quoted key", "a.\"\".b", NULL},
    {"every element", "a[*].b[*]", NULL},
    {"elements by member", "tags[Key=owner].Value", NULL},
    {"a quoted member and value", "tags[\"a=]b\"=\"c]d\"].e", NULL},
    {"an empty value", "tags[Key=].Value", NULL},
    {"json in a string", "properties.requestbody!.properties.role", NULL},
    {"json in json in a string", "a!.b![*].c!", NULL},
    {"twelve steps", "a.b.c.d.e.f.g.h.i.j.k.l", NULL},
    {"nothing", "", "column 1: a key is missing"},
    {"a leading dot", ".a", "column 1: a key is missing"},
    {"two dots", "a..b", "column 3: a key is missing"},
    {"a trailing dot", "a.", "column 3: a key is missing"},
    {"a leading bracket", "[*].a", "column 1: a key is missing"},
    {"a leading !", "!a", "column 1: a key is missing"},
    {"a space", "a.b c", "column 4: a key with white space must be quoted"},
    {"an open quote", "a.\"b", "column 5: a quote is not closed"},
    {"an open quote after a backslash", "\"b\\", "column 4: a quote is not closed"},
    {"an open bracket", "a[*", "column 4: a bracket holds '*' or key=value"},
    {"an empty bracket", "a[]", "column 3: a key is missing"},
    {"an index", "a[0]", "column 4: a bracket holds '*' or key=value"},
    {"an open value", "a[b=c", "column 6: ']' is missing"},
    {"text behind a quoted value", "a[b=\"c\"d]", "column 8: ']' is missing"},
    {"text behind a bracket", "a[*]b", "column 5: '.', '[' or '!' must follow"},
    {"text behind a quote", "\"a\"b", "column 4: '.', '[' or '!' must follow"},
    {"a closing bracket", "a]", "column 2: '.', '[' or '!' must follow"},
    {"three brackets", "a[*].b[*].c[*]", "column 12: more than two brackets"},
    {"thirteen steps", "a.b.c.d.e.f.g.h.i.j.k.l.m", "column 24: more than twelve steps"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void path_is_judged(void **state)
{
    const struct row *row = *state;
    struct paths *paths = paths_new();
    struct error err = {0};
    size_t slot = 7;

    bool ok = paths_add(paths, row->text, &slot, &err);

    assert_int_equal(ok, row->fault == NULL);
    assert_int_equal(err.kind, ok ? ERROR_NONE : ERROR_CONFIG);
    assert_int_equal(paths_count(paths), ok ? 1 : 0);
    if (ok) {
        assert_int_equal(slot, 0);
        assert_string_equal(paths_text(paths, slot), row->text);
    } else {
        assert_non_null(strstr(err.text, row->fault));
    }
    paths_free(paths);
}

static void same_text_gets_the_same_slot(void **state)
{
    (void)state;
    static const char *const texts[] = {"a.b",  "a",   "a.\"b\"", "a[x=1]", "a[x=2]",
                                        "a[*]", "a.b", "a[x=1]",  "a!"};
    static const size_t slots[] = {0, 1, 0, 2, 3, 4, 0, 2, 5};
    struct paths *paths = paths_new();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t slot = 0;
        assert_true(paths_add(paths, texts[i], &slot, NULL));
        assert_int_equal(slot, slots[i]);
    }
    assert_int_equal(paths_count(paths), 6);
    paths_free(paths);
    paths_free(NULL);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 1] = {
        [ROWS] = cmocka_unit_test(same_text_gets_the_same_slot)};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = path_is_judged, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("paths_add", tests, NULL, NULL);
}
