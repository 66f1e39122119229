/*
 * record/scan.h: which values a path picks. Each row scans one document for one
 * path; picked values are joined by '|', strings in quotes as they are unescaped.
 */
#include "base/mem.h"
#include "record/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 20, MANY_KEYS = 500 };

static struct row {
    const char *name;
    const char *path;
    const char *document;
    const char *picked;
} rows[] = {
    {"a string", "a", "{\"a\":\"x\"}", "\"x\""},
    {"every kind of value", "a[*]", "{\"a\":[1,-2.5e3,true,false,null,\"\",{},[ ]]}",
     "1|-2.5e3|true|false|null|\"\"|{}|[ ]"},
    {"a whole object", "a", "{\"a\": {\"b\" : [1, 2]} }", "{\"b\" : [1, 2]}"},
    {"nothing", "a", "{\"b\":{\"a\":1}}", ""},
    {"below an object", "a.b.c", "{\"b\":0,\"a\":{\"c\":1,\"b\":{\"c\":2}}}", "2"},
    {"below what is no object", "a.b", "{\"a\":[{\"b\":1}]}", ""},
    {"the first of equal keys", "a.b", "{\"a\":{\"b\":1,\"b\":2},\"a\":{\"b\":3}}", "1"},
    {"the first of equal keys, though it has no such member", "a.b",
     "{\"a\":{\"c\":1},\"a\":{\"b\":3}}", ""},
    {"the first of equal keys in each element", "a[*].b",
     "{\"a\":[{\"b\":1,\"b\":2},{\"b\":3}]}", "1|3"},
    {"a key with escapes", "abcdefghijk", "{\"abc\\u0064efgh\\u0069jk\":1}", "1"},
    {"a short key with escapes", "a/", "{\"\\u0061\\/\":1}", "1"},
    {"a repeated key, once with escapes", "a", "{\"\\u0061\":1,\"a\":2}", "1"},
    {"keys that share both ends", "abcdefgh1abcdefgh",
     "{\"abcdefgh2abcdefgh\":2,\"abcdefgh1abcdefgh\":1}", "1"},
    {"an empty key", "\"\"", "{\"\":1}", "1"},
    {"a key with dots", "\"a.b\".c", "{\"a\":{\"b\":{\"c\":1}},\"a.b\":{\"c\":2}}", "2"},
    {"a key of other letters", "\xc3\xa9", "{\"\\u00e9\":1,\"\xc3\xa9\":2}", "1"},
    {"every element's member", "a[*].b", "{\"a\":[{\"b\":1},{},7,{\"c\":0,\"b\":[2]}]}",
     "1|[2]"},
    {"elements of elements", "a[*][*]", "{\"a\":[[1,2],3,[],[4]]}", "1|2|4"},
    {"brackets on an object", "a[*].b", "{\"a\":{\"b\":1}}", ""},
    {"members by member before it", "t[Key=o].Value",
     "{\"t\":[{\"Key\":\"x\",\"Value\":1},{\"Key\":\"o\",\"Value\":2}]}", "2"},
    {"members by member behind it", "t[Key=o].Value",
     "{\"t\":[{\"Value\":1,\"Key\":\"x\"},{\"Value\":2, \"Key\" : \"o\" }]}", "2"},
    {"a member with escapes", "t[Key=o].Value",
     "{\"t\":[{\"Value\":2,\"\\u004bey\":\"\\u006f\"}]}", "2"},
    {"the first of equal members decides", "t[Key=o].Value",
     "{\"t\":[{\"Key\":\"x\",\"Key\":\"o\",\"Value\":2}]}", ""},
    {"a number as member", "t[k=4.0].v",
     "{\"t\":[{\"k\":4.0,\"v\":1},{\"k\":4,\"v\":2}]}", "1"},
    {"a boolean as member", "t[k=true].v",
     "{\"t\":[{\"k\":true,\"v\":1},{\"k\":\"true\",\"v\":2},{\"k\":false,\"v\":3}]}",
     "1|2"},
    {"null is no text", "t[k=null].v", "{\"t\":[{\"k\":null,\"v\":1}]}", ""},
    {"a whole element", "t[k=1]", "{\"t\":[{\"k\":1},[{\"k\":1}],{\"k\":1,\"v\":2}]}",
     "{\"k\":1}|{\"k\":1,\"v\":2}"},
    {"json in a string", "p!.a", "{\"p\":\"{\\\"a\\\":\\\"x\\\\ny\\\"}\"}", "\"x\ny\""},
    {"json in a string without escapes", "p![*]", "{\"p\":\" [1, 2] \"}", "1|2"},
    {"json in a string whole", "p!", "{\"p\":\" {\\\"a\\\":1} \"}", "{\"a\":1}"},
    {"json in json in a string", "p!.q!.r",
     "{\"p\":\"{\\\"q\\\":\\\"{\\\\\\\"r\\\\\\\":5}\\\"}\"}", "5"},
    {"json in the strings of an array", "p[*]!.a",
     "{\"p\":[\"{\\\"a\\\":1}\",\"{\\\"a\\\":\",\"{\\\"a\\\":\\\"2\\\"}\"]}", "1|\"2\""},
    {"a string that holds no json", "p!.a", "{\"p\":\"{\\\"a\\\":1} x\"}", ""},
    {"a string that holds cut json", "p!.a", "{\"p\":\"{\\\"a\\\":1,\"}", ""},
    {"an empty string holds no json", "p!", "{\"p\":\"\"}", ""},
    {"! of what is no string", "p!.a", "{\"p\":{\"a\":1}}", ""},
    {"escapes", "a", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\\ud83d\\ude00\"}",
     "\"\"\\/\b\f\n\r\t\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {"nul and lone surrogates", "a",
     "{\"a\":\"\\u0000\\ud800x\\udc00\\ud800\\ud83d\\ude00\\ud800\\u0041\"}",
     "\"\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd"
     "A\""},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct bytes padded(const char *text)
{
    size_t size = strlen(text);
    uint8_t *copy = mem_new(size + BUF_PADDING, 1);
    for (size_t i = 0; i < size; i++) {
        copy[i] = (uint8_t)text[i];
    }
    memcpy(copy + size, "\"]}1,:[{\"]}1,:[{", BUF_PADDING);
    return (struct bytes){copy, size};
}

static void add_value(const struct value *value, struct buf *out)
{
    struct bytes inside = {value->data, value->size};
    if (value->type != VALUE_STRING) {
        buf_add_bytes(out, inside);
        return;
    }
    buf_add_text(out, "\"");
    if (value->is_escaped) {
        assert_true(scan_unescape(inside, out));
    } else {
        buf_add_bytes(out, inside);
    }
    buf_add_text(out, "\"");
}

static void path_picks(void **state)
{
    const struct row *row = *state;
    struct paths *paths = paths_new();
    size_t slot = 0;
    assert_true(paths_add(paths, row->path, &slot, NULL));
    paths_seal(paths);
    struct values values;
    values_init(&values, paths);
    struct bytes document = padded(row->document);
    struct buf picked;
    buf_init(&picked, TEXT_MAX);

    for (int round = 0; round < 2; round++) { /* the second finds nothing left over */
        size_t used = 0;
        assert_int_equal(scan_value(paths, document, &values, &used), SCAN_DONE);
        assert_int_equal(used, document.size);
        picked.size = 0;
        const struct value *value = values_at(&values, slot);
        while (value != NULL && value->type != VALUE_NONE) {
            buf_add_text(&picked, picked.size == 0 ? "" : "|");
            add_value(value, &picked);
            value = values_next(&values, value);
        }
        assert_string_equal(buf_text(&picked), row->picked);
    }
    for (size_t size = 0; size < document.size; size++) {
        size_t used = 0;
        struct bytes part = {document.data, size};
        assert_int_equal(scan_value(paths, part, &values, &used), SCAN_SHORT);
    }
    buf_clear(&picked);
    free((void *)document.data);
    values_clear(&values);
    paths_free(paths);
}

static void many_paths_share_one_scan(void **state)
{
    (void)state;
    struct paths *paths = paths_new();
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_add_text(&text, "{");
    for (int i = 0; i < MANY_KEYS; i++) {
        size_t slot = 0;
        char *key = mem_format("key%d", i);
        assert_true(paths_add(paths, key, &slot, NULL));
        assert_int_equal(slot, i);
        buf_addf(&text, "%s\"%s\":%d,\"no%s\":0", i == 0 ? "" : ",", key, i, key);
        free(key);
    }
    buf_add_text(&text, "}");
    paths_seal(paths);
    struct values values;
    values_init(&values, paths);
    size_t used = 0;
    struct bytes document = buf_bytes(&text);
    assert_int_equal(scan_value(paths, document, &values, &used), SCAN_DONE);
    for (int i = 0; i < MANY_KEYS; i++) {
        const struct value *value = values_at(&values, (size_t)i);
        assert_int_equal(value->type, VALUE_NUMBER);
        assert_int_equal(strtol((const char *)value->data, NULL, 10), i);
    }
    values_clear(&values);
    buf_clear(&text);
    paths_free(paths);
}

/* As a mapping's rules do, whose paths differ from record to record. */
static void values_may_be_used_with_other_paths_next(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d"};
    struct paths *few = paths_new();
    struct paths *more = paths_new();
    size_t slot = 0;
    assert_true(paths_add(few, "a[*]", &slot, NULL));
    for (size_t i = 0; i < 4; i++) {
        assert_true(paths_add(more, names[i], &slot, NULL));
    }
    paths_seal(few);
    paths_seal(more);
    struct buf text;
    struct values values;
    size_t used = 0;
    buf_init(&text, TEXT_MAX);
    values_init(&values, more);

    buf_add_text(&text, "{\"a\":[1,2,3]}");
    values.slots = paths_count(few);
    assert_int_equal(scan_value(few, buf_bytes(&text), &values, &used), SCAN_DONE);
    values.slots = paths_count(more);
    text.size = 0;
    buf_add_text(&text, "{\"c\":4,\"x\":0}");
    assert_int_equal(scan_value(more, buf_bytes(&text), &values, &used), SCAN_DONE);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(values_has(&values, i), i == 2);
    }
    assert_int_equal(values_at(&values, 2)->data[0], '4');
    assert_null(values_next(&values, values_at(&values, 2)));

    values_clear(&values);
    buf_clear(&text);
    paths_free(few);
    paths_free(more);
}

static void null_is_not_had(void **state)
{
    (void)state;
    struct paths *paths = paths_new();
    size_t slots[3] = {0};
    paths_add(paths, "a", &slots[0], NULL);
    paths_add(paths, "b", &slots[1], NULL);
    paths_add(paths, "c", &slots[2], NULL);
    paths_seal(paths);
    struct values values;
    values_init(&values, paths);
    struct bytes document = padded("{\"a\":null,\"b\":false}");
    size_t used = 0;
    assert_int_equal(scan_value(paths, document, &values, &used), SCAN_DONE);
    assert_false(values_has(&values, slots[0]));
    assert_true(values_has(&values, slots[1]));
    assert_false(values_has(&values, slots[2]));
    free((void *)document.data);
    values_clear(&values);
    paths_free(paths);
}

static void unescaping_stops_at_the_limit(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4);
    assert_false(scan_unescape(bytes_of("\\n\\n\\nab"), &out));
    assert_int_equal(out.size, 0);
    assert_true(scan_unescape(bytes_of("a\\nb"), &out));
    assert_int_equal(out.size, 3);
    buf_clear(&out);
}

static void broken_value_ends_where_its_brackets_close(void **state)
{
    (void)state;
    size_t used = 0;
    struct bytes text = padded(" {\"a\":01,\"}\":[\"\\\"]\"]} ,{}");
    assert_int_equal(scan_skip_broken(text, &used), SCAN_DONE);
    assert_int_equal(used, 21);
    text.size = 20;
    assert_int_equal(scan_skip_broken(text, &used), SCAN_SHORT);
    text.size = 0;
    assert_int_equal(scan_skip_broken(text, &used), SCAN_SHORT);
    free((void *)text.data);
    text = padded("01");
    assert_int_equal(scan_skip_broken(text, &used), SCAN_BAD);
    free((void *)text.data);
}

static const struct CMUnitTest others[] = {
    cmocka_unit_test(many_paths_share_one_scan),
    cmocka_unit_test(null_is_not_had),
    cmocka_unit_test(values_may_be_used_with_other_paths_next),
    cmocka_unit_test(unescaping_stops_at_the_limit),
    cmocka_unit_test(broken_value_ends_where_its_brackets_close),
};
enum { OTHERS = sizeof(others) / sizeof(others[0]) };

int main(void)
{
    struct CMUnitTest tests[ROWS + OTHERS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = path_picks, .initial_state = &rows[i]};
    }
    memcpy(tests + ROWS, others, sizeof(others));
    return cmocka_run_group_tests_name("scan_value", tests, NULL, NULL);
}
