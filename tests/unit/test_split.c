/*
 * record/split.h: every row is split from memory and from a plain and a gzip file,
 * with the same outcome. In the trace R is a record and U something set aside, each
 * with offset and size; a record's context follows in angle brackets.
 */
#include "base/mem.h"
#include "record/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static const struct record_shape shape = {
    .name = "test",
    .wrappers = {{.array_key = "Records"},
                 {.array_key = "Events",
                  .string_key = "CloudTrailEvent",
                  .context_key = "Resources"},
                 {.array_key = "value"}},
};

static struct row {
    const char *name;
    const char *input;
    const char *trace;
} rows[] = {
    {"nothing", "", ""},
    {"only white space", " \n\r\n\t", ""},
    {"lines", "{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}", "R0+7 R8+7 R18+7"},
    {"documents without a newline", "{\"a\":1}{\"a\":2} {}", "R0+7 R7+7 R15+2"},
    {"a byte order mark", "\xef\xbb\xbf{\"a\":1}\n", "R3+7"},
    {"pretty-printed", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n}\n", "R0+27 R28+3"},
    {"wrapped", "{\"Records\":[{\"a\":1},{\"a\":2}]}", "R12+7 R20+7"},
    {"wrapped by another key", "{\"value\": [ {\"a\":1} ] }", "R12+7"},
    {"members around the array",
     "{\"x\":{\"Records\":[1]},\"Records\":[{\"a\":1}],\"NextToken\":\"t\",\"n\":[]}",
     "R32+7"},
    {"a wrapper that is no array", "{\"Records\":{\"a\":1}}", "R0+19"},
    {"an empty array", "{\"Records\":[]}\n{\"Records\":[ ]}", ""},
    {"two arrays in a document", "{\"Records\":[{}],\"value\":[{}]}", "R12+2 R25+2"},
    {"wrapped documents in lines",
     "{\"Records\":[{\"a\":1}]}\n{\"Records\":[{\"a\":2}]}\n{\"a\":3}",
     "R12+7 R34+7 R44+7"},
    {"elements are not unwrapped", "{\"Records\":[{\"Records\":[]}]}", "R12+14"},
    {"an array of records", "[{\"a\":1},\n{\"a\":2}]\n{\"a\":3}", "R1+7 R10+7 R19+7"},
    {"envelopes",
     "{\"Events\":[{\"CloudTrailEvent\":\"{\\\"a\\\":1}\",\"Resources\":[{}]},"
     "{\"Resources\":[],\"CloudTrailEvent\":\" {} \"}],\"NextToken\":\"x\"}",
     "R11+48<[{}]> R60+41<[]>"},
    {"envelopes without a record",
     "{\"Events\":[{\"CloudTrailEvent\":\"{\"},{\"CloudTrailEvent\":{}},{},"
     "{\"CloudTrailEvent\":\"1\"},{\"CloudTrailEvent\":\"{}\"}]}",
     "U11+23 U35+22 U58+2 U61+23 R85+24"},
    {"values that are no objects", "42\n\"x\"\n{\"a\":1}\nnull\n[1,{}]\n-0.5e1 7",
     "U0+2 U3+3 R7+7 U15+4 U21+1 R23+2 U27+6 U34+1"},
    {"elements that are no objects", "{\"Records\":[1,\"x\",[2],{}]}",
     "U12+1 U14+3 U18+3 R22+2"},
    {"a broken line", "{\"a\":1}\n{\"a\":\"\xff\"}\n{\"a\":3}", "R0+7 U8+9 R18+7"},
    {"a line cut in a string", "{\"a\":\"b\n{\"a\":2}\n{\"a\":3}", "U0+7 R8+7 R16+7"},
    {"a line cut behind a comma", "{\"a\":1,\n{\"a\":2}\n{\"a\":3}", "U0+8 R8+7 R16+7"},
    {"a line cut behind a colon", "{\"a\":\n{\"a\":2}\n{\"a\":3}", "U0+6 R6+7 R14+7"},
    {"text between lines", "{\"a\":1}\nhello {\"b\":1}\n{\"a\":3}", "R0+7 U8+13 R22+7"},
    {"text behind a record", "{\"a\":1} x\n{\"a\":3}", "R0+7 U8+1 R10+7"},
    {"a broken document over lines", "{\n \"a\": 1,\n \"b\": x\n}\n{\n \"a\": 2\n}\n",
     "U0+21 R21+11"},
    {"a broken element", "{\"Records\":[{\"a\":1},{\"a\":01},{\"a\":3}]}\n{\"b\":1}",
     "R12+7 U20+8 R29+7 R39+7"},
    {"bad UTF-8 in an element", "{\"Records\":[{\"a\":\"\xc3\"},{\"a\":\"]}\"}]}",
     "U12+9 R22+10"},
    {"a broken scalar as element", "{\"Records\":[tru,{\"a\":1},-,{}]}",
     "U12+3 R16+7 U24+1 R26+2"},
    {"a missing element", "{\"Records\":[{},,{},]}\n{}", "R12+2 U15+0 R16+2 U19+0 R22+2"},
    {"a missing comma", "{\"Records\":[{} {},{}]}\n{\"a\":1}", "R12+2 U15+8 R23+7"},
    {"the wrong bracket", "{\"Records\":[{}}\n{\"a\":1}", "R12+2 U14+2 R16+7"},
    {"an element torn before the next document",
     "{\"Records\":[{\"a\":1},{\"b\":\"x\n{\"Records\":[{\"c\":1}]}\n",
     "R12+7 U20+8 R40+7"},
    {"a broken member behind the array", "{\"Records\":[{}],\"x\":nil}\n{\"a\":1}",
     "R12+2 U15+10 R25+7"},
    {"cut off in a record", "{\"a\":1}\n{\"a\":", "R0+7 U8+5"},
    {"cut off in an element", "{\"Records\":[{},{\"a\":\"b", "R12+2 U15+7"},
    {"cut off behind an element", "{\"Records\":[{}", "R12+2 U14+0"},
    {"cut off behind a comma", "{\"Records\":[{},", "R12+2 U15+0"},
    {"cut off behind the array", "{\"Records\":[{}]", "R12+2 U15+0"},
    {"cut off in a later member", "{\"Records\":[{}],\"x\":[1,", "R12+2 U15+8"},
    {"cut off before the array", "{\"Records\":", "U0+11"},
    {"awkward but legal",
     "{\"Records\":[{\"a\":\"\\u0000\"},{\"a\":18446744073709551615},{\"a\":1e400},"
     "{\"a\":\"\\ud800\"},{\"a\":1,\"a\":2}]}",
     "R12+14 R27+26 R54+11 R66+14 R81+13"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]), TRACE_MAX = 1 << 20 };

static void trace_all(struct splitter *splitter, struct buf *trace)
{
    struct split_item item = {0};
    const struct values *values = NULL;
    struct error err = {0};
    for (;;) {
        enum split_status status = splitter_next(splitter, &item, &values, &err);
        if (status == SPLIT_END) {
            break;
        }
        if (status == SPLIT_FAILED) {
            buf_addf(trace, "%sF:%s", trace->size == 0 ? "" : " ",
                     error_kind_name(err.kind));
            break;
        }
        buf_addf(trace, "%s%c%llu+%llu", trace->size == 0 ? "" : " ",
                 status == SPLIT_RECORD ? 'R' : 'U', (unsigned long long)item.offset,
                 (unsigned long long)item.size);
        assert_int_equal(item.reason == NULL, status == SPLIT_RECORD);
        assert_int_equal(values != NULL, status == SPLIT_RECORD);
        assert_true(status != SPLIT_RECORD || item.record.bytes.data[0] == '{');
        if (item.record.context.size > 0) {
            buf_addf(trace, "<%.*s>", (int)item.record.context.size,
                     (const char *)item.record.context.data);
        }
    }
}

static struct bytes padded(struct bytes text)
{
    uint8_t *copy = mem_new(text.size + BUF_PADDING, 1);
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    memcpy(copy + text.size, "\"]}1,:[{\"]}1,:[{", BUF_PADDING);
    return (struct bytes){copy, text.size};
}

static FILE *file_with(struct bytes text, bool is_gzip)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    if (!is_gzip) {
        fwrite(text.data, 1, text.size, file);
    } else {
        gzFile zip = gzdopen(dup(fileno(file)), "wb1");
        gzwrite(zip, text.data, (unsigned)text.size);
        gzclose(zip);
    }
    fflush(file);
    lseek(fileno(file), 0, SEEK_SET);
    return file;
}

static void check_every_way(struct bytes input, const char *expected)
{
    struct paths *paths = paths_new();
    size_t slot = 0;
    paths_add(paths, "a", &slot, NULL);
    paths_seal(paths);
    struct splitter *splitter = splitter_new(&shape, paths);
    struct buf trace;
    buf_init(&trace, TRACE_MAX);

    struct bytes body = padded(input);
    splitter_start_bytes(splitter, body);
    trace_all(splitter, &trace);
    assert_string_equal(buf_text(&trace), expected);
    for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
        FILE *file = file_with(input, is_gzip == 1);
        struct inflate *stream = inflate_new(fileno(file), UINT64_MAX);
        splitter_start(splitter, stream);
        trace.size = 0;
        trace_all(splitter, &trace);
        assert_string_equal(buf_text(&trace), expected);
        inflate_free(stream);
        fclose(file);
    }
    free((void *)body.data);
    buf_clear(&trace);
    splitter_free(splitter);
    paths_free(paths);
}

static void input_is_split_as_traced(void **state)
{
    const struct row *row = *state;
    check_every_way(bytes_of(row->input), row->trace);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){.name = rows[i].name,
                                       .test_func = input_is_split_as_traced,
                                       .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("splitter", tests, NULL, NULL);
}
