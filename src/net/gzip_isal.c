#include "base/mem.h"
#include "net/gzip.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

enum { PIECE_SIZE = 64 << 10, INPUT_MAX = 1 << 30 };

bool gzip_pack(struct bytes bytes, struct buf *out)
{
    struct isal_zstream *stream = mem_new(1, sizeof(*stream));
    isal_deflate_init(stream);
    stream->level = 1;
    stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream->level_buf = mem_alloc(ISAL_DEF_LVL1_DEFAULT);
    stream->gzip_flag = IGZIP_GZIP;
    stream->next_in = (uint8_t *)bytes.data; /* ISA-L only reads it */

    uint8_t *piece = NULL;
    do {
        if (stream->avail_in == 0) {
            size_t left = bytes.size - (size_t)(stream->next_in - bytes.data);
            stream->avail_in = (uint32_t)(left > INPUT_MAX ? INPUT_MAX : left);
        }
        stream->end_of_stream =
            stream->next_in + stream->avail_in == bytes.data + bytes.size;
        piece = buf_reserve(out, PIECE_SIZE);
        if (piece != NULL) {
            stream->next_out = piece;
            stream->avail_out = PIECE_SIZE;
            isal_deflate(stream);
            out->size += PIECE_SIZE - stream->avail_out;
        }
    } while (piece != NULL && stream->internal_state.state != ZSTATE_END);
    free(stream->level_buf);
    free(stream);
    return piece != NULL;
}
