/*
 * What zlib inflates comes out of inflate_read the same, whichever library is behind
 * it. An odd first byte has the rest compressed first, then spoilt in one place, so
 * that more than headers is reached: what is still accepted must be what it was.
 * (ISA-L overlooks reserved flags and sloppy code sets that zlib refuses; the
 * checksum still holds.)
 */
#include "base/buf.h"
#include "record/inflate.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 20, PIECE = 1 << 12 };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* All members of input by zlib alone. True when they were good to the end. */
static bool inflate_by_zlib(struct bytes input, struct buf *out)
{
    z_stream stream = {.next_in = (Bytef *)input.data, .avail_in = (uInt)input.size};
    check(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
    int result = Z_OK;
    while (result == Z_OK || (result == Z_STREAM_END && stream.avail_in > 0)) {
        if (result == Z_STREAM_END) {
            inflateReset(&stream);
        }
        if (out->size > LIMIT) {
            break;
        }
        stream.next_out = buf_reserve(out, PIECE);
        stream.avail_out = PIECE;
        result = inflate(&stream, Z_NO_FLUSH);
        out->size += PIECE - stream.avail_out;
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END;
}

static bool inflate_by_us(struct bytes input, size_t piece, struct buf *out)
{
    int fd = memfd_create("inflate", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, input.data, input.size) == (ssize_t)input.size);
    check(lseek(fd, 0, SEEK_SET) == 0);
    struct inflate *inflate = inflate_new(fd, LIMIT);
    struct error err = {0};
    size_t got = 1;
    bool ok = true;
    while (ok && got > 0) {
        uint8_t *room = buf_reserve(out, piece);
        ok = inflate_read(inflate, room, piece, &got, &err);
        check(got <= piece && (ok || got == 0));
        out->size += got;
    }
    check(ok || err.kind == ERROR_DATA || err.kind == ERROR_TOO_BIG);
    check(out->size <= LIMIT);
    inflate_free(inflate);
    close(fd);
    return ok;
}

static struct buf compress_and_spoil(const uint8_t *data, size_t size)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    z_stream stream = {.next_in = (Bytef *)data + 3, .avail_in = (uInt)size - 3};
    check(deflateInit2(&stream, data[0] >> 5, Z_DEFLATED, MAX_WBITS + 16, 8,
                       data[0] >> 3 & 3) == Z_OK);
    size_t bound = deflateBound(&stream, size);
    stream.next_out = buf_reserve(&out, bound);
    stream.avail_out = (uInt)bound;
    check(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.size = stream.total_out;
    deflateEnd(&stream);
    out.data[data[1] % out.size] ^= data[2];
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return 0;
    }
    struct buf input;
    if (data[0] % 2 == 1) {
        input = compress_and_spoil(data, size);
    } else {
        buf_init(&input, SIZE_MAX / 2);
        buf_add(&input, data + 1, size - 1);
    }
    struct buf ours;
    struct buf theirs;
    buf_init(&ours, SIZE_MAX / 2);
    buf_init(&theirs, SIZE_MAX / 2);
    bool ok = inflate_by_us(buf_bytes(&input), 1 + data[1], &ours);
    if (input.data[0] != 0x1f || input.data[1] != 0x8b) {
        check(ok && bytes_equal(buf_bytes(&ours), buf_bytes(&input)));
    } else if (inflate_by_zlib(buf_bytes(&input), &theirs) && theirs.size <= LIMIT) {
        check(ok && bytes_equal(buf_bytes(&ours), buf_bytes(&theirs)));
    } else if (ok && data[0] % 2 == 1) {
        check(bytes_equal(buf_bytes(&ours), (struct bytes){data + 3, size - 3}));
    }
    buf_clear(&input);
    buf_clear(&ours);
    buf_clear(&theirs);
    return 0;
}
