/* net/gzip.h: what zlib, the other party of every gzip body, makes of our members. */
#include "net/gzip.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

enum { LIMIT = 8 << 20 };

/* How the bytes of a row are made. */
static struct row {
    const char *name;
    size_t size;
    bool is_noise; /* does not shrink */
} rows[] = {
    {"one byte", 1, false},
    {"text a little longer than a piece of output", 70000, true},
    {"four MiB of text", 4 << 20, false},
    {"four MiB of noise", 4 << 20, true},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void fill(uint8_t *bytes, const struct row *row)
{
    uint64_t noise = 88172645463325252U;
    for (size_t i = 0; i < row->size; i++) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        bytes[i] = row->is_noise ? (uint8_t)noise : (uint8_t)("event "[i % 6]);
    }
}

static void test_round_trip(void **state)
{
    const struct row *row = *state;
    uint8_t *plain = mem_alloc(row->size);
    uint8_t *again = mem_alloc(row->size + 1);
    struct buf packed;
    fill(plain, row);
    buf_init(&packed, LIMIT);
    assert_true(gzip_pack((struct bytes){plain, row->size}, &packed));
    assert_true(row->is_noise || row->size < 100 || packed.size < row->size / 10);
    assert_true(packed.size < row->size + row->size / 100 + 1024);

    z_stream stream = {.next_in = packed.data, .avail_in = (uInt)packed.size};
    assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    stream.next_out = again;
    stream.avail_out = (uInt)row->size + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, row->size);
    assert_int_equal(stream.avail_in, 0);
    assert_memory_equal(plain, again, row->size);
    inflateEnd(&stream);
    buf_clear(&packed);
    free(again);
    free(plain);
}

static void a_limit_is_kept(void **state)
{
    (void)state;
    const struct row noise = {.size = 100000, .is_noise = true};
    uint8_t *plain = mem_alloc(noise.size);
    struct buf packed;
    fill(plain, &noise);
    buf_init(&packed, 70000);
    assert_false(gzip_pack((struct bytes){plain, noise.size}, &packed));
    buf_clear(&packed);
    free(plain);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 1] = {cmocka_unit_test(a_limit_is_kept)};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i + 1] = (struct CMUnitTest){.name = rows[i].name,
                                           .test_func = test_round_trip,
                                           .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
