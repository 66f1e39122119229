#include "record/gunzip.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 16, PIECE_MAX = 1 << 30 };

struct gunzip {
    z_stream stream;
};

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

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = mem_new(1, sizeof(*gunzip));
    gunzip->stream.zalloc = allocate;
    gunzip->stream.zfree = release;
    inflateInit2(&gunzip->stream, MAX_WBITS + GZIP_ONLY);
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip != NULL) {
        inflateEnd(&gunzip->stream);
        free(gunzip);
    }
}

static unsigned piece_of(size_t size)
{
    return size > PIECE_MAX ? PIECE_MAX : (unsigned)size;
}

enum gunzip_status gunzip_run(struct gunzip *gunzip, struct bytes *in, uint8_t *out,
                              size_t size, size_t *got)
{
    z_stream *stream = &gunzip->stream;
    stream->next_in = (Bytef *)in->data; /* zlib only reads it */
    stream->avail_in = piece_of(in->size);
    stream->next_out = out;
    stream->avail_out = piece_of(size);

    int result = inflate(stream, Z_NO_FLUSH);
    in->size -= (size_t)(stream->next_in - in->data);
    in->data = stream->next_in;
    *got = (size_t)(stream->next_out - out);
    if (result == Z_STREAM_END) {
        inflateReset(stream);
        return GUNZIP_MEMBER_END;
    }
    /* Z_BUF_ERROR only says that it could do nothing yet. */
    return result == Z_OK || result == Z_BUF_ERROR ? GUNZIP_MORE : GUNZIP_BAD;
}
