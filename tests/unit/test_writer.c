/* event/writer.h and event/escape.h: JSON that every reader takes. */
#include "event/escape.h"
#include "event/writer.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void names_open_and_close_the_objects_between_them(void **state)
{
    (void)state;
    struct buf out;
    struct writer writer;
    buf_init(&out, 1 << 20);
    buf_add_text(&out, "before ");
    writer_begin(&writer, &out, 0);
    writer_name(&writer, NAME("", "a"));
    writer_text(&writer, bytes_of("1"));
    writer_name(&writer, NAME("b.c", "d"));
    writer_plain(&writer, "2");
    writer_name(&writer, NAME("b.c", "e"));
    writer_array_open(&writer);
    writer_text(&writer, bytes_of("3"));
    writer_text(&writer, bytes_of("4"));
    writer_array_close(&writer);
    writer_name(&writer, NAME("b.cc", "d"));
    writer_array_open(&writer);
    writer_array_close(&writer);
    writer_name(&writer, NAME("", "bb"));
    writer_base64(&writer, bytes_of("any carnal pleas"));
    writer_name(&writer, NAME("z.z", "z"));
    writer_json(&writer, bytes_of("{\n\"x\":\r\"\\u0000\"}"));
    assert_true(writer_end(&writer));
    assert_string_equal(buf_text(&out),
                        "before {\"a\":\"1\",\"b\":{\"c\":{\"d\":2,\"e\":[\"3\",\"4\"]},"
                        "\"cc\":{\"d\":[]}},\"bb\":\"YW55IGNhcm5hbCBwbGVhcw==\","
                        "\"z\":{\"z\":{\"z\":{ \"x\": \"\\ufffd\"}}}}");
    buf_clear(&out);
}

static void an_object_without_members_is_one(void **state)
{
    (void)state;
    struct buf out;
    struct writer writer;
    buf_init(&out, 8);
    writer_begin(&writer, &out, 0);
    assert_true(writer_end(&writer));
    assert_string_equal(buf_text(&out), "{}");
    buf_clear(&out);
}

static bool write_sample(struct buf *out)
{
    struct writer writer;
    writer_begin(&writer, out, 64);
    writer_name(&writer, NAME("one", "two"));
    writer_text(&writer, bytes_of("\"quoted\" and \x01 long enough to grow"));
    writer_name(&writer, NAME("one", "three"));
    writer_inside(&writer, bytes_of("\\ud800"), true);
    writer_name(&writer, NAME("", "four"));
    writer_base64(&writer, bytes_of("12345"));
    return writer_end(&writer);
}

static void a_nest_begins_names_anew_and_gives_them_back(void **state)
{
    (void)state;
    struct buf out;
    struct writer writer;
    buf_init(&out, 1 << 10);
    writer_begin(&writer, &out, 0);
    writer_name(&writer, NAME("a.b", "list"));
    writer_array_open(&writer);
    for (int i = 0; i < 2; i++) {
        struct writer_nest nest = writer_nest_open(&writer);
        if (i == 1) {
            writer_name(&writer, NAME("a.b", "c"));
            writer_plain(&writer, "1");
        }
        writer_nest_close(&writer, &nest);
    }
    writer_array_close(&writer);
    writer_name(&writer, NAME("a.b", "d"));
    writer_plain(&writer, "2");
    assert_true(writer_end(&writer));
    assert_string_equal(
        buf_text(&out),
        "{\"a\":{\"b\":{\"list\":[{},{\"a\":{\"b\":{\"c\":1}}}],\"d\":2}}}");
    buf_clear(&out);
}

static void numbers_are_whole_up_to_the_last_bit(void **state)
{
    (void)state;
    struct buf out;
    struct writer writer;
    buf_init(&out, 1 << 10);
    writer_begin(&writer, &out, 0);
    writer_name(&writer, NAME("", "n"));
    writer_array_open(&writer);
    writer_number(&writer, 0);
    writer_number(&writer, -10);
    writer_number(&writer, INT64_MAX);
    writer_number(&writer, INT64_MIN);
    writer_array_close(&writer);
    assert_true(writer_end(&writer));
    assert_string_equal(buf_text(&out),
                        "{\"n\":[0,-10,9223372036854775807,-9223372036854775808]}");
    buf_clear(&out);
}

static void at_the_limit_nothing_is_left_behind(void **state)
{
    (void)state;
    struct buf whole;
    buf_init(&whole, 1 << 20);
    assert_true(write_sample(&whole));
    bool has_fitted = false;
    for (size_t limit = 0; limit <= whole.size + 64; limit++) {
        struct buf out;
        buf_init(&out, limit + 3);
        buf_add_text(&out, "old");
        bool fits = write_sample(&out);
        assert_true(fits || !has_fitted);
        assert_int_equal(out.size, fits ? whole.size + 3 : 3);
        assert_memory_equal(out.data, "old", 3);
        assert_true(!fits || memcmp(out.data + 3, whole.data, whole.size) == 0);
        has_fitted = fits;
        buf_clear(&out);
    }
    assert_true(has_fitted);
    buf_clear(&whole);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Bytes that matter to the word-wise scan: its specials, their neighbours, top bits. */
static size_t random_text(uint32_t *seed, uint8_t *text, size_t most)
{
    static const uint8_t odd[] = "\"\\\x1f\x20\x21\x23\x5b\x5d\x01\n\t\x7f\0";
    size_t size = next_random(seed) % most;
    for (size_t i = 0; i < size; i++) {
        uint32_t pick = next_random(seed) % 8;
        text[i] = pick < 3 ? odd[next_random(seed) % sizeof(odd)] : 'a' + (uint8_t)pick;
        if (pick == 7 && i + 1 < size) {
            text[i++] = 0xc3;
            text[i] = 0xa9;
        }
    }
    return size;
}

static void escaped_text_reads_back_as_it_was(void **state)
{
    (void)state;
    uint32_t seed = 7;
    uint8_t text[200];
    uint8_t out[ESCAPE_MAX * sizeof(text) + 2];
    for (int round = 0; round < 20000; round++) {
        struct bytes in = {text, random_text(&seed, text, sizeof(text))};
        out[0] = '"';
        uint8_t *end = escape_text(out + 1, in);
        assert_int_equal(end - out - 1, escape_count(in));
        *end++ = '"';
        json_t *read = json_loadb((const char *)out, (size_t)(end - out),
                                  JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(read);
        assert_int_equal(json_string_length(read), in.size);
        assert_memory_equal(json_string_value(read), in.data, in.size);
        json_decref(read);
    }
}

static struct row {
    const char *name;
    const char *inside;
    const char *mended;
} rows[] = {
    {"plain text stands", "plain", "plain"},
    {"short escapes stand", "a\\n\\\"\\\\\\/", "a\\n\\\"\\\\\\/"},
    {"a NUL is replaced", "a\\u0000b", "a\\ufffdb"},
    {"an escaped backslash before u0000 is none", "\\\\u0000", "\\\\u0000"},
    {"a pair stands", "\\ud83d\\ude00", "\\ud83d\\ude00"},
    {"a lone high surrogate is replaced", "\\ud83dx", "\\ufffdx"},
    {"a lone low surrogate is replaced", "\\uDE00", "\\ufffd"},
    {"two high ones are two", "\\ud83d\\ud83d\\ude00", "\\ufffd\\ud83d\\ude00"},
    {"a high one before another escape", "\\ud83d\\n", "\\ufffd\\n"},
    {"a high one at the end", "x\\uD83D", "x\\ufffd"},
    {"a control character stays escaped", "\\u0001", "\\u0001"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_mend(void **state)
{
    const struct row *row = *state;
    uint8_t out[64];
    uint8_t *end = escape_mend(out, bytes_of(row->inside));
    *end = '\0';
    assert_string_equal((const char *)out, row->mended);
}

static void a_cut_spares_characters_and_escapes(void **state)
{
    (void)state;
    assert_int_equal(escape_fit(bytes_of("abc"), 3), 3);
    assert_int_equal(escape_fit(bytes_of("ab\xc3\xa9"), 3), 2);
    assert_int_equal(escape_fit(bytes_of("ab\\n"), 3), 2);
    assert_int_equal(escape_fit(bytes_of("\\u00e9x"), 5), 0);
    assert_int_equal(escape_fit(bytes_of("\\ud83d\\ude00x"), 11), 0);
    assert_int_equal(escape_fit(bytes_of("\\ud83d\\ude00x"), 12), 12);
    assert_int_equal(escape_fit(bytes_of("\\ud83dx"), 6), 6);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 7] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_mend, .initial_state = &rows[i]};
    }
    const struct CMUnitTest others[] = {
        cmocka_unit_test(names_open_and_close_the_objects_between_them),
        cmocka_unit_test(an_object_without_members_is_one),
        cmocka_unit_test(a_nest_begins_names_anew_and_gives_them_back),
        cmocka_unit_test(numbers_are_whole_up_to_the_last_bit),
        cmocka_unit_test(at_the_limit_nothing_is_left_behind),
        cmocka_unit_test(escaped_text_reads_back_as_it_was),
        cmocka_unit_test(a_cut_spares_characters_and_escapes),
    };
    memcpy(&tests[ROWS], others, sizeof(others));
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
