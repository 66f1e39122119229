/*
 * record/inflate.h. Built twice, over ISA-L and over zlib, so that both are known to
 * say the same. Every case is read in one piece and byte by byte.
 */
#include "base/mem.h"
#include "record/inflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/buf.h"

enum { SIZE_MAX_TEST = 32 << 20, BIG = 3 << 20, NO_LIMIT = 1 << 30, HEADER_SIZE = 10 };

/* Appends text as a gzip member. */
static void add_member(struct buf *out, const void *text, size_t size)
{
    z_stream stream = {0};
    assert_int_equal(
        deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    size_t bound = deflateBound(&stream, size);
    stream.next_in = (Bytef *)text;
    stream.avail_in = (uInt)size;
    stream.next_out = buf_reserve(out, bound);
    stream.avail_out = (uInt)bound;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->size += stream.total_out;
    deflateEnd(&stream);
}

static void add_text_member(struct buf *out, const char *text)
{
    add_member(out, text, strlen(text));
}

/* Reads a file of input to its end, piece bytes at a time. */
static enum error_kind read_all(struct buf *input, uint64_t limit, size_t piece,
                                struct buf *out)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    if (input->size > 0) {
        fwrite(input->data, 1, input->size, file);
    }
    fflush(file);
    lseek(fileno(file), 0, SEEK_SET);
    struct inflate *inflate = inflate_new(fileno(file), limit);
    struct error err = {0};
    size_t got = 1;
    bool ok = true;
    out->size = 0;
    while (ok && got > 0) {
        uint8_t *room = buf_reserve(out, piece);
        assert_non_null(room);
        ok = inflate_read(inflate, room, piece, &got, &err);
        assert_true(got <= piece);
        out->size += ok ? got : 0;
    }
    if (!ok) {
        assert_false(inflate_read(inflate, out->data, 1, &got, NULL)); /* and stays so */
        assert_int_equal(got, 0);
    }
    inflate_free(inflate);
    fclose(file);
    return err.kind;
}

static void expect(struct buf *input, uint64_t limit, enum error_kind kind,
                   const char *text)
{
    static const size_t pieces[] = {1 << 16, 1, 7};
    struct buf out;
    buf_init(&out, SIZE_MAX_TEST);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        assert_int_equal(read_all(input, limit, pieces[i], &out), kind);
        assert_string_equal(buf_text(&out), text);
    }
    buf_clear(&out);
}

static int start(void **state)
{
    struct buf *input = mem_new(1, sizeof(*input));
    buf_init(input, SIZE_MAX_TEST);
    *state = input;
    return 0;
}

static int finish(void **state)
{
    buf_clear(*state);
    free(*state);
    return 0;
}

static void plain_bytes_pass_through(void **state)
{
    struct buf *input = *state;
    expect(input, NO_LIMIT, ERROR_NONE, "");
    buf_add_text(input, "\x1f");
    expect(input, NO_LIMIT, ERROR_NONE, "\x1f");
    buf_add_text(input, "{\"a\":1}");
    expect(input, NO_LIMIT, ERROR_NONE, "\x1f{\"a\":1}");
}

static void members_are_joined(void **state)
{
    struct buf *input = *state;
    add_text_member(input, "one ");
    expect(input, NO_LIMIT, ERROR_NONE, "one ");
    add_text_member(input, "");
    add_text_member(input, "two ");
    add_text_member(input, "three");
    expect(input, NO_LIMIT, ERROR_NONE, "one two three");
}

static void names_and_comments_are_passed_over(void **state)
{
    static const uint8_t header[] = {0x1f, 0x8b, 8, 0x1c, 0, 0,   0, 0,   0,   3,
                                     3,    0,    1, 2,    3, 'n', 0, 'c', 'o', 0};
    struct buf *input = *state;
    struct buf member;
    buf_init(&member, SIZE_MAX_TEST);
    add_text_member(&member, "text");
    buf_add(input, header, sizeof(header));
    buf_add(input, member.data + HEADER_SIZE, member.size - HEADER_SIZE);
    buf_clear(&member);
    expect(input, NO_LIMIT, ERROR_NONE, "text");
}

static void cut_stream_gives_what_it_had_and_then_fails(void **state)
{
    struct buf *input = *state;
    add_text_member(input, "one ");
    add_text_member(input, "two");
    size_t size = input->size;
    for (size_t cut = 1; cut <= 8; cut++) { /* in the checksum and the size */
        input->size = size - cut;
        expect(input, NO_LIMIT, ERROR_DATA, "one two");
    }
    add_text_member(input, "");
    input->size = size / 2 + 3; /* in a header */
    expect(input, NO_LIMIT, ERROR_DATA, "one ");
}

static void wrong_checksum_is_found(void **state)
{
    struct buf *input = *state;
    add_text_member(input, "one ");
    add_text_member(input, "two");
    input->data[input->size - 8] ^= 1;
    expect(input, NO_LIMIT, ERROR_DATA, "one two");
    input->data[input->size - 8] ^= 1;
    input->data[input->size - 4] ^= 1; /* the size */
    expect(input, NO_LIMIT, ERROR_DATA, "one two");
}

static void garbage_behind_the_last_member_is_found(void **state)
{
    struct buf *input = *state;
    add_text_member(input, "one");
    size_t size = input->size;
    buf_add_text(input, "garbage");
    expect(input, NO_LIMIT, ERROR_DATA, "one");
    input->size = size;
    buf_add_byte(input, 0);
    expect(input, NO_LIMIT, ERROR_DATA, "one");
}

static void corrupt_block_is_found(void **state)
{
    struct buf *input = *state;
    add_text_member(input, "one");
    input->data[HEADER_SIZE] |= 6; /* a block type that does not exist */
    expect(input, NO_LIMIT, ERROR_DATA, "");
    input->data[2] = 7; /* a method that does not exist */
    expect(input, NO_LIMIT, ERROR_DATA, "");
}

static void limit_counts_inflated_bytes(void **state)
{
    struct buf *input = *state;
    add_text_member(input, "0123");
    add_text_member(input, "4567");
    expect(input, 8, ERROR_NONE, "01234567");
    expect(input, 7, ERROR_TOO_BIG, "0123456");
    expect(input, 0, ERROR_TOO_BIG, "");
    input->size = 0;
    buf_add_text(input, "01234567");
    expect(input, 8, ERROR_NONE, "01234567");
    expect(input, 7, ERROR_TOO_BIG, "0123456");
}

static void bomb_stops_at_the_limit(void **state)
{
    struct buf *input = *state;
    char *zeros = mem_new(BIG, 1);
    for (int i = 0; i < 8; i++) {
        add_member(input, zeros, BIG);
    }
    struct buf out;
    buf_init(&out, SIZE_MAX_TEST);
    assert_int_equal(read_all(input, BIG + 1, 1 << 16, &out), ERROR_TOO_BIG);
    assert_int_equal(out.size, BIG + 1);
    buf_clear(&out);
    free(zeros);
}

static void big_stream_comes_out_whole(void **state)
{
    struct buf *input = *state;
    uint8_t *text = mem_new(BIG, 1);
    uint32_t seed = 1;
    for (size_t i = 0; i < BIG; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (uint8_t)(seed >> 27); /* compresses to five eighths */
    }
    add_member(input, text, BIG / 3);
    add_member(input, text + BIG / 3, BIG - BIG / 3);
    struct buf out;
    buf_init(&out, SIZE_MAX_TEST);
    assert_int_equal(read_all(input, NO_LIMIT, 1000, &out), ERROR_NONE);
    assert_int_equal(out.size, BIG);
    assert_memory_equal(out.data, text, BIG);
    buf_clear(&out);
    free(text);
}

static void unreadable_descriptor_is_an_error(void **state)
{
    (void)state;
    struct inflate *inflate = inflate_new(-1, NO_LIMIT);
    struct error err = {0};
    uint8_t out[1];
    size_t got = 1;
    assert_false(inflate_read(inflate, out, sizeof(out), &got, &err));
    assert_int_equal(err.kind, ERROR_STATE);
    inflate_free(inflate);
    inflate_free(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(plain_bytes_pass_through),
        CASE(members_are_joined),
        CASE(names_and_comments_are_passed_over),
        CASE(cut_stream_gives_what_it_had_and_then_fails),
        CASE(wrong_checksum_is_found),
        CASE(garbage_behind_the_last_member_is_found),
        CASE(corrupt_block_is_found),
        CASE(limit_counts_inflated_bytes),
        CASE(bomb_stops_at_the_limit),
        CASE(big_stream_comes_out_whole),
        cmocka_unit_test(unreadable_descriptor_is_an_error),
    };
    return cmocka_run_group_tests_name("inflate", tests, NULL, NULL);
}
