/* aws/xml.h: what AWS's XML becomes, and what is refused. */
#include "aws/xml.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *xml;
    const char *json; /* NULL: refused */
    const char *says;
} rows[] = {
    {"texts and name spaces", "<r xmlns='x' xmlns:a='y'><a:b>1</a:b><c/></r>",
     "{\"r\":{\"b\":\"1\",\"c\":\"\"}}", NULL},
    {"lists of one and of two",
     "<r><s><item><n>1</n></item></s><t><member>a</member><member>b</member></t></r>",
     "{\"r\":{\"s\":[{\"n\":\"1\"}],\"t\":[\"a\",\"b\"]}}", NULL},
    {"a name that comes again", "<r><k>1</k><k>2</k><k>3</k></r>",
     "{\"r\":{\"k\":[\"1\",\"2\",\"3\"]}}", NULL},
    {"the five entities that XML has itself", "<r>&lt;&amp;&gt;&quot;&apos;&#65;</r>",
     "{\"r\":\"<&>\\\"'A\"}", NULL},
    {"a declaration and a comment", "<?xml version='1.0'?><!-- x --><r>1</r>",
     "{\"r\":\"1\"}", NULL},
    {"a document type", "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>", NULL,
     "document type"},
    {"an entity of its own", "<!DOCTYPE r [<!ENTITY e 'x'>]><r>&e;</r>", NULL,
     "document type"},
    {"an entity that nobody said", "<r>&e;</r>", NULL, "undefined entity"},
    {"a cut document", "<r><k>1</k>", NULL, "no element"},
    {"two roots", "<r/><s/>", NULL, "junk"},
    {"nothing", "", NULL, "no element"},
    {"JSON", "{\"r\":1}", NULL, "not well-formed"},
    {"seventeen levels, the last one empty",
     "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/>", NULL, "nested too deep"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_read(void **state)
{
    const struct row *row = *state;
    struct error err = {0};
    json_t *value = NULL;
    bool ok = xml_read(bytes_of(row->xml), &value, &err);
    assert_int_equal(ok, row->json != NULL);
    if (ok) {
        json_t *expected = json_loads(row->json, 0, NULL);
        assert_true(json_equal(value, expected));
        json_decref(expected);
    } else {
        assert_null(value);
        assert_int_equal(err.kind, ERROR_DATA);
        assert_non_null(strstr(err.text, row->says));
    }
    json_decref(value);
}

static void elements_are_counted(void **state)
{
    (void)state;
    struct buf text;
    json_t *value = NULL;
    struct error err = {0};
    buf_init(&text, 1 << 20);
    buf_add_text(&text, "<r>");
    for (int i = 0; i < 20001; i++) {
        buf_add_text(&text, "<k/>");
    }
    buf_add_text(&text, "</r>");
    assert_false(xml_read(buf_bytes(&text), &value, &err));
    assert_non_null(strstr(err.text, "too many elements"));
    buf_clear(&text);
}

static void a_text_is_found_at_any_depth(void **state)
{
    (void)state;
    json_t *value = NULL;
    assert_true(
        xml_read(bytes_of("<r><e><item><Code>A</Code></item></e><Code>B</Code></r>"),
                 &value, NULL));
    assert_string_equal(xml_text(value, "Code"), "A");
    assert_null(xml_text(value, "Message"));
    assert_null(xml_text(NULL, "Code"));
    json_decref(value);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_read, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(elements_are_counted);
    tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(a_text_is_found_at_any_depth);
    return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
