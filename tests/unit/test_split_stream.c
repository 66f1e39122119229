/*
 * record/split.h over whole files: many windows, poison among good records, and
 * streams that break. Whatever happens, items come in order, every byte between them
 * is an array's or a line's own, and every good record is delivered exactly once.
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

enum {
    FILE_SIZE_MAX = 64 << 20,
    RECORDS = 3000,
    LONG_EVERY = 500,
    LONG_SIZE = 700 << 10,
    TOO_LONG = RECORD_SIZE_MAX + 1,
};

static const struct record_shape shape = {.wrappers = {{.array_key = "Records"}}};

enum form { FORM_ARRAY, FORM_LINES, FORMS };
enum way { WAY_MEMORY, WAY_PLAIN, WAY_GZIP, WAYS };

/* A splitter over bytes in one of the ways, and what it reads from. */
struct reading {
    struct paths *paths;
    size_t id_slot;
    struct splitter *splitter;
    FILE *file;
    struct inflate *stream;
};

static FILE *file_with(struct bytes text, bool is_gzip)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    if (is_gzip) {
        gzFile zip = gzdopen(dup(fileno(file)), "wb1");
        assert_int_equal(gzwrite(zip, text.data, (unsigned)text.size), text.size);
        gzclose(zip);
    } else {
        assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
        fflush(file);
    }
    lseek(fileno(file), 0, SEEK_SET);
    return file;
}

static void reading_init(struct reading *reading, struct bytes text, enum way way)
{
    *reading = (struct reading){.paths = paths_new()};
    paths_add(reading->paths, "id", &reading->id_slot, NULL);
    paths_seal(reading->paths);
    reading->splitter = splitter_new(&shape, reading->paths);
    if (way == WAY_MEMORY) {
        splitter_start_bytes(reading->splitter, text);
        return;
    }
    reading->file = file_with(text, way == WAY_GZIP);
    reading->stream = inflate_new(fileno(reading->file), UINT64_MAX);
    splitter_start(reading->splitter, reading->stream);
}

static void reading_clear(struct reading *reading)
{
    splitter_free(reading->splitter);
    paths_free(reading->paths);
    inflate_free(reading->stream);
    if (reading->file != NULL) {
        fclose(reading->file);
    }
}

static void open_form(struct buf *out, enum form form)
{
    out->size = 0;
    buf_add_text(out, form == FORM_ARRAY ? "{\"Records\":[" : "");
}

static void add_record(struct buf *out, enum form form, const char *text)
{
    uint8_t last = out->size == 0 ? '[' : out->data[out->size - 1];
    if (last != '[' && last != '\n') {
        buf_add_text(out, form == FORM_ARRAY ? "," : "\n");
    }
    assert_true(buf_add_text(out, text));
}

static void close_form(struct buf *out, enum form form)
{
    buf_add_text(out, form == FORM_ARRAY ? "]}" : "");
    assert_true(buf_add(out, "\"]}1,:[{\"]}1,:[{", BUF_PADDING));
    out->size -= BUF_PADDING;
}

/* The bytes from at to the item are not an item's own. */
static void check_gap(struct bytes text, uint64_t at, const struct split_item *item)
{
    assert_true(item->offset >= at);
    assert_true(item->offset + item->size <= text.size);
    size_t size = (size_t)(item->offset - at);
    struct bytes gap = {text.data + at, size};
    assert_true(size == 0 || (size == 1 && strchr(",\n", gap.data[0]) != NULL) ||
                (at == 0 && bytes_equal(gap, bytes_of("{\"Records\":["))));
}

static long id_of(const struct reading *reading, const struct values *values)
{
    const struct value *id = values_at(values, reading->id_slot);
    return id->type == VALUE_NUMBER ? strtol((const char *)id->data, NULL, 10) : -1;
}

/* Reads everything. Every id from 0 must come once, in order. */
static void expect_items(struct bytes text, enum way way, long records, long unreadable)
{
    struct reading reading;
    reading_init(&reading, text, way);
    struct split_item item = {0};
    const struct values *values = NULL;
    uint64_t at = 0;
    long id = 0;
    long bad = 0;
    for (;;) {
        enum split_status status = splitter_next(reading.splitter, &item, &values, NULL);
        if (status == SPLIT_END) {
            break;
        }
        assert_int_not_equal(status, SPLIT_FAILED);
        check_gap(text, at, &item);
        at = item.offset + item.size;
        size_t shown = item.record.bytes.size;
        assert_memory_equal(item.record.bytes.data, text.data + item.offset, shown);
        if (status == SPLIT_RECORD) {
            assert_int_equal(shown, item.size);
            assert_int_equal(id_of(&reading, values), id);
            id++;
        } else {
            bad++;
        }
    }
    assert_int_equal(id, records);
    assert_int_equal(bad, unreadable);
    assert_true(text.size - at <= 2); /* "]}" */
    reading_clear(&reading);
}

static char *record_with_id(long id, size_t size)
{
    char *filler = mem_alloc(size + 1);
    memset(filler, 'x', size);
    filler[size] = '\0';
    char *text = mem_format("{\"a\":[{\"b\":\"\\\"]}\"},%ld],\"x\":\"%s\",\"id\":%ld}",
                            id, filler, id);
    free(filler);
    return text;
}

static void every_record_comes_once_over_many_windows(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, FILE_SIZE_MAX);
    for (enum form form = FORM_ARRAY; form < FORMS; form++) {
        open_form(&text, form);
        for (long id = 0; id < RECORDS; id++) {
            size_t size = id % LONG_EVERY == 7 ? LONG_SIZE : (size_t)(id * 37 % 2500);
            char *record = record_with_id(id, size);
            add_record(&text, form, record);
            free(record);
        }
        close_form(&text, form);
        for (enum way way = WAY_MEMORY; way < WAYS; way++) {
            expect_items(buf_bytes(&text), way, RECORDS, 0);
        }
    }
    buf_clear(&text);
}

/* Legal, however awkward: %d is the record's id. */
static const char *const awkward[] = {
    "{\"id\":%d,\"a\":\"\\u0000\"}",
    "{\"id\":%d,\"a\":18446744073709551615}",
    "{\"id\":%d,\"a\":1e400,\"b\":-1e-400}",
    "{\"id\":%d,\"a\":\"\\ud800\",\"\\udfff\":\"\\udc00\\ud800\"}",
    "{\"id\":%d,\"id\":7,\"a\":1,\"a\":{\"a\":2}}",
};
static const char *const unreadable[] = {
    "{\"id\":1,\"a\":\"\xff\xfe\"}", "{\"id\":1,\"a\":\"\xed\xa0\x80\"}",
    "{\"id\":1,\"a\":\"\x01\"}",     "{\"id\":1,\"a\":nul}",
    "{\"id\":1,\"a\":[1,2}}",        "{\"id\":1 \"a\":2}",
    "{\"id\":1,\"a\":\"\\x\"}",      "{\"id\":1,}",
};
enum {
    AWKWARD = sizeof(awkward) / sizeof(awkward[0]),
    BAD = sizeof(unreadable) / sizeof(unreadable[0]),
};

static int add_good(struct buf *text, enum form form, const char *format, int id)
{
    char *record = mem_format("{\"id\":%d}", id);
    if (format != NULL) {
        free(record);
        const char *rest = strstr(format, "%d") + 2;
        record = mem_format("{\"id\":%d%s", id, rest);
    }
    add_record(text, form, record);
    free(record);
    return id + 1;
}

static void poison_harms_no_neighbour(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, FILE_SIZE_MAX);
    char *too_long = mem_alloc(TOO_LONG + 1);
    memset(too_long, ' ', TOO_LONG);
    too_long[0] = '{';
    too_long[TOO_LONG - 1] = '}';
    too_long[TOO_LONG] = '\0';
    for (enum form form = FORM_ARRAY; form < FORMS; form++) {
        int id = 0;
        open_form(&text, form);
        for (size_t i = 0; i < AWKWARD; i++) {
            id = add_good(&text, form, awkward[i], id);
        }
        for (size_t i = 0; i < BAD; i++) {
            add_record(&text, form, unreadable[i]);
            id = add_good(&text, form, NULL, id);
        }
        add_record(&text, form, too_long);
        id = add_good(&text, form, NULL, id);
        add_record(&text, form, "{\"id\":99,\"a\":\"tr");
        close_form(&text, FORM_LINES);
        for (enum way way = WAY_MEMORY; way < WAYS; way++) {
            expect_items(buf_bytes(&text), way, id, BAD + 2);
        }
    }
    free(too_long);
    buf_clear(&text);
}

/* A record of at least that size, all in one string that ends so. */
static void add_long(struct buf *text, enum form form, size_t size, const char *end)
{
    char *filler = mem_alloc(size + 1);
    memset(filler, 'x', size);
    filler[size] = '\0';
    char *record = mem_format("{\"a\":\"%s%s", filler, end);
    add_record(text, form, record);
    free(record);
    free(filler);
}

static void longest_record_is_delivered_and_longer_ones_set_aside(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, FILE_SIZE_MAX);
    for (enum form form = FORM_ARRAY; form < FORMS; form++) {
        open_form(&text, form);
        add_good(&text, form, NULL, 0);
        add_long(&text, form, TOO_LONG, "\"}");
        add_good(&text, form, NULL, 1);
        add_long(&text, form, (size_t)3 * RECORD_SIZE_MAX, "\"}");
        add_good(&text, form, NULL, 2);
        close_form(&text, form);
        for (enum way way = WAY_MEMORY; way < WAYS; way++) {
            expect_items(buf_bytes(&text), way, 3, 2);
        }
        open_form(&text, form);
        char *longest = record_with_id(0, RECORD_SIZE_MAX - 36);
        assert_int_equal(strlen(longest), RECORD_SIZE_MAX);
        add_record(&text, form, longest);
        free(longest);
        add_good(&text, form, NULL, 1);
        close_form(&text, form);
        for (enum way way = WAY_MEMORY; way < WAYS; way++) {
            expect_items(buf_bytes(&text), way, 2, 0);
        }
    }
    buf_clear(&text);
}

static void broken_stream_gives_what_came_before(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, FILE_SIZE_MAX);
    open_form(&text, FORM_ARRAY);
    for (int id = 0; id < RECORDS;) {
        id = add_good(&text, FORM_ARRAY, NULL, id);
    }
    close_form(&text, FORM_ARRAY);
    struct reading reading;
    reading_init(&reading, buf_bytes(&text), WAY_GZIP);
    off_t size = lseek(fileno(reading.file), 0, SEEK_END);
    assert_int_equal(ftruncate(fileno(reading.file), size / 2), 0);
    lseek(fileno(reading.file), 0, SEEK_SET);

    struct split_item item = {0};
    const struct values *values = NULL;
    struct error err = {0};
    long id = 0;
    enum split_status status = SPLIT_RECORD;
    while (status == SPLIT_RECORD) {
        status = splitter_next(reading.splitter, &item, &values, &err);
        if (status == SPLIT_RECORD) {
            assert_int_equal(id_of(&reading, values), id);
            id++;
        }
    }
    assert_int_equal(status, SPLIT_FAILED);
    assert_int_equal(err.kind, ERROR_DATA);
    assert_true(id > RECORDS / 4 && id < RECORDS);
    status = splitter_next(reading.splitter, &item, &values, &err);
    assert_int_equal(status, SPLIT_FAILED);
    reading_clear(&reading);
    buf_clear(&text);
}

static void splitter_can_start_again(void **state)
{
    (void)state;
    struct splitter *splitter = splitter_new(&shape, NULL);
    struct split_item item = {0};
    const struct values *values = NULL;
    assert_int_equal(splitter_next(splitter, &item, &values, NULL), SPLIT_END);
    struct buf text;
    buf_init(&text, FILE_SIZE_MAX);
    buf_add_text(&text, "{\"Records\":[{\"a\":1},{\"a\":2}]}");
    close_form(&text, FORM_LINES);
    for (int round = 0; round < 3; round++) {
        splitter_start_bytes(splitter, buf_bytes(&text));
        assert_int_equal(splitter_next(splitter, &item, &values, NULL), SPLIT_RECORD);
        assert_int_equal(item.offset, 12);
        assert_null(values);
    }
    buf_clear(&text);
    splitter_free(splitter);
    splitter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_comes_once_over_many_windows),
        cmocka_unit_test(poison_harms_no_neighbour),
        cmocka_unit_test(longest_record_is_delivered_and_longer_ones_set_aside),
        cmocka_unit_test(broken_stream_gives_what_came_before),
        cmocka_unit_test(splitter_can_start_again),
    };
    return cmocka_run_group_tests_name("splitter over streams", tests, NULL, NULL);
}
