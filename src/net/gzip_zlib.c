#include "base/mem.h"
#include "net/gzip.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 16, MEMORY_LEVEL = 8, PIECE_SIZE = 64 << 10, INPUT_MAX = 1 << 30 };

/* Ends the process rather than fail, so zlib never has to. */
static voidpf allocate(voidpf opaque, uInt count, uInt size)
{
    (void)opaque;
    return mem_new(count, size);
}

static void release(voidpf opaque, voidpf memory)
{
    (void)opaque;
    free(memory);
}

bool gzip_pack(struct bytes bytes, struct buf *out)
{
    z_stream stream = {.zalloc = allocate, .zfree = release};
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + GZIP_ONLY, MEMORY_LEVEL,
                 Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)bytes.data; /* zlib only reads it */

    uint8_t *piece = NULL;
    int result = Z_OK;
    do {
        if (stream.avail_in == 0) {
            size_t left = bytes.size - (size_t)(stream.next_in - bytes.data);
            stream.avail_in = (uInt)(left > INPUT_MAX ? INPUT_MAX : left);
        }
        bool is_last = stream.next_in + stream.avail_in == bytes.data + bytes.size;
        piece = buf_reserve(out, PIECE_SIZE);
        if (piece != NULL) {
            stream.next_out = piece;
            stream.avail_out = PIECE_SIZE;
            result = deflate(&stream, is_last ? Z_FINISH : Z_NO_FLUSH);
            out->size += PIECE_SIZE - stream.avail_out;
        }
    } while (piece != NULL && result != Z_STREAM_END);
    deflateEnd(&stream);
    return piece != NULL;
}
