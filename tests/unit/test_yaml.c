/* config/yaml.h: what is read, where it stood, and what is refused. */
#include "config/yaml.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_LIMIT = 8 << 20, NODES_ALLOWED = 200000, SIZE_ALLOWED = 4 << 20 };

static struct row {
    const char *name;
    const char *text;
    const char *json;    /* NULL: nothing is read */
    const char *problem; /* NULL: none */
} rows[] = {
    {"scalars stay text", "a: 1\nb: true\nc: null\nd: 0x1f\ne: 'x'\n",
     "{\"a\": \"1\", \"b\": \"true\", \"c\": \"null\", \"d\": \"0x1f\", \"e\": \"x\"}",
     NULL},
    {"nothing said is an empty text", "a:\nb: \"\"\n", "{\"a\": \"\", \"b\": \"\"}",
     NULL},
    {"nested", "a: [x, {b: y}]\n", "{\"a\": [\"x\", {\"b\": \"y\"}]}", NULL},
    {"a block scalar", "a: |\n  one\n  two\n", "{\"a\": \"one\\ntwo\\n\"}", NULL},
    {"escapes", "a: \"\\u00e9\\t\"\n", "{\"a\": \"\xc3\xa9\\t\"}", NULL},
    {"only comments", "# nothing\n", NULL, NULL},
    {"no byte at all", "", NULL, NULL},
    {"an empty document", "---\n", NULL, NULL},
    {"a version line", "%YAML 1.2\n---\na: b\n...\n", "{\"a\": \"b\"}", NULL},
    {"sixteen deep", "[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]",
     "[[[[[[[[[[[[[[[[\"x\"]]]]]]]]]]]]]]]]", NULL},
    {"a repeated key keeps the first", "a: 1\na: {b: [c]}\n", "{\"a\": \"1\"}",
     "t:2:1: this key was given before, at line 1; keep one of them"},
    {"a quoted << is a key", "'<<': 1\n", "{\"<<\": \"1\"}", NULL},
    {"an alias is null", "a: *x\n", "{\"a\": null}",
     "t:1:4: aliases (\"*name\") are not supported; write the value out, or quote a text "
     "that starts with \"*\""},
    {"an alias as key", "*x : 1\n", NULL,
     "t:1:1: aliases (\"*name\") are not supported; write the value out, or quote a text "
     "that starts with \"*\""},
    {"a tag without name", "a: ! x\n", "{\"a\": \"x\"}",
     "t:1:4: tags (\"!name\") are not supported; remove it, or quote a text that starts "
     "with \"!\""},
    {"a NUL", "a: \"\\0\"\n", NULL,
     "t:1:4: a NUL byte cannot be part of a text; remove it"},
    {"a NUL in a key", "\"a\\0b\": 1\n", NULL,
     "t:1:1: a NUL byte cannot be part of a text; remove it"},
    {"a lone surrogate", "a: \"\\ud800\"\n", NULL,
     "t:1:7: not valid YAML: found invalid Unicode character escape code; check the "
     "indentation and quotes from here upwards"},
    {"a column counts characters", "a: \"\xc3\xa9\xc3\xa9\" @\n", NULL,
     "t:1:9: \"@\" cannot start a value; put the value in quotes"},
    {"an overlong sequence", "a:\n  b\xc0\xaf\n", NULL,
     "t:2:4: not UTF-8; save the file as UTF-8"},
    {"a control character", "a: \x01\n", NULL, "t:1:4: a control character; remove it"},
    {"a tag handle", "# x\n%TAG !a! b\n---\na: 1\n", NULL,
     "t:2:1: %TAG lines are not supported; remove it"},
    {"a tag handle after CR", "# x\r%TAG !a! b\r---\ra: 1\r", NULL,
     "t:1:5: %TAG lines are not supported; remove it"},
    {"%TAG inside a text", "a: x %TAG\n", "{\"a\": \"x %TAG\"}", NULL},
    {"a byte order mark",
     "\xef\xbb\xbf"
     "a: 1\n",
     "{\"a\": \"1\"}", NULL},
    {"UTF-16", "\xff\xfe\x61", NULL, "t:1:1: not UTF-8; save the file as UTF-8"},
    {"an undeclared tag handle", "a: !x!y z\n", NULL,
     "t:1:4: tags are not supported; remove the \"!\""},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_parse(void **state)
{
    const struct row *row = *state;
    struct yaml yaml;
    struct problems problems = {0};

    bool ok = yaml_parse(row->text, strlen(row->text), "t", &yaml, &problems);
    assert_int_equal(ok, row->problem == NULL);
    assert_int_equal(problems.count, row->problem == NULL ? 0 : 1);
    if (row->problem != NULL) {
        assert_string_equal(problems.texts[0], row->problem);
    }
    char *json = yaml.root == NULL ? NULL : json_dumps(yaml.root, 0);
    assert_string_equal(json == NULL ? "" : json, row->json == NULL ? "" : row->json);

    free(json);
    yaml_clear(&yaml);
    problems_clear(&problems);
}

static void values_and_keys_know_their_place(void **state)
{
    (void)state;
    static const char text[] = "first: {x: 'y'}\nsecond:\n  - z\n";
    struct yaml yaml;
    struct problems problems = {0};
    assert_true(yaml_parse(text, strlen(text), "t", &yaml, &problems));

    json_t *first = json_object_get(yaml.root, "first");
    json_t *y = json_object_get(first, "x");
    json_t *z = json_array_get(json_object_get(yaml.root, "second"), 0);
    assert_int_equal(yaml_place(&yaml, first).column, 8);
    assert_int_equal(yaml_key_place(&yaml, first, "x").column, 9);
    assert_int_equal(yaml_place(&yaml, y).column, 12);
    assert_int_equal(yaml_place(&yaml, z).line, 3);
    assert_int_equal(yaml_key_place(&yaml, yaml.root, "second").line, 2);
    assert_int_equal(yaml_key_place(&yaml, yaml.root, "third").line, 0);
    assert_false(yaml_is_plain(&yaml, y));
    assert_true(yaml_is_plain(&yaml, z));
    assert_int_equal(yaml_place(&yaml, NULL).line, 0);

    yaml_problem(&yaml, z, &problems, "%s", "wrong");
    assert_string_equal(problems.texts[0], "t:3:5: wrong");
    yaml_clear(&yaml);
    problems_clear(&problems);
}

/* Reads head, then piece count times, and says whether that was allowed. */
static bool reads_repeated(const char *head, const char *piece, size_t count,
                           struct problems *problems)
{
    struct buf text;
    struct yaml yaml;
    buf_init(&text, TEXT_LIMIT);
    assert_true(buf_add_text(&text, head));
    for (size_t i = 0; i < count; i++) {
        assert_true(buf_add_text(&text, piece));
    }
    bool ok = yaml_parse(buf_text(&text), text.size, "t", &yaml, problems);
    yaml_clear(&yaml);
    buf_clear(&text);
    return ok;
}

static void too_many_nodes_are_refused(void **state)
{
    (void)state;
    struct problems problems = {0};
    assert_true(reads_repeated("", "- x\n", NODES_ALLOWED - 1, &problems));
    assert_false(reads_repeated("", "- x\n", NODES_ALLOWED, &problems));
    assert_string_equal(problems.texts[0],
                        "t:200000:3: more than 200000 keys and values; split the file");
    problems_clear(&problems);
}

static void too_many_bytes_are_refused(void **state)
{
    (void)state;
    struct problems problems = {0};
    assert_true(reads_repeated("", "#", SIZE_ALLOWED, &problems));
    assert_false(reads_repeated("", "#", SIZE_ALLOWED + 1, &problems));
    assert_string_equal(problems.texts[0], "t: larger than 4 MiB; split the file");
    problems_clear(&problems);
}

static void one_mistake_made_often_is_not_told_for_ever(void **state)
{
    (void)state;
    struct problems problems = {0};
    assert_false(reads_repeated("", "- &a x\n", 1000, &problems));
    assert_int_equal(problems.count, 100);
    problems_clear(&problems);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct yaml yaml;
    struct problems problems = {0};
    assert_false(yaml_read("nowhere.yaml", &yaml, &problems));
    assert_string_equal(problems.texts[0],
                        "nowhere.yaml: cannot be read: No such file or directory");
    yaml_clear(&yaml);
    assert_false(yaml_read(".", &yaml, &problems));
    assert_string_equal(problems.texts[1], ".: cannot be read: Is a directory");
    yaml_clear(&yaml);
    problems_clear(&problems);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 5] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_parse, .initial_state = &rows[i]};
    }
    size_t i = ROWS;
    tests[i++] = (struct CMUnitTest)cmocka_unit_test(values_and_keys_know_their_place);
    tests[i++] = (struct CMUnitTest)cmocka_unit_test(too_many_nodes_are_refused);
    tests[i++] = (struct CMUnitTest)cmocka_unit_test(too_many_bytes_are_refused);
    tests[i++] =
        (struct CMUnitTest)cmocka_unit_test(one_mistake_made_often_is_not_told_for_ever);
    tests[i++] = (struct CMUnitTest)cmocka_unit_test(a_file_that_cannot_be_read_says_why);
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
