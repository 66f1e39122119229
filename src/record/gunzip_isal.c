#include "record/gunzip.h"

#include "base/mem.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

enum { PIECE_MAX = 1 << 30 };

struct gunzip {
    struct inflate_state state;
};

static void start(struct gunzip *gunzip)
{
    isal_inflate_reset(&gunzip->state);
    gunzip->state.crc_flag = ISAL_GZIP;
}

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = mem_new(1, sizeof(*gunzip));
    isal_inflate_init(&gunzip->state);
    start(gunzip);
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    free(gunzip);
}

static uint32_t piece_of(size_t size)
{
    return size > PIECE_MAX ? PIECE_MAX : (uint32_t)size;
}

enum gunzip_status gunzip_run(struct gunzip *gunzip, struct bytes *in, uint8_t *out,
                              size_t size, size_t *got)
{
    struct inflate_state *state = &gunzip->state;
    state->next_in = (uint8_t *)in->data; /* ISA-L only reads it */
    state->avail_in = piece_of(in->size);
    state->next_out = out;
    state->avail_out = piece_of(size);

    int result = isal_inflate(state);
    in->size -= (size_t)(state->next_in - in->data);
    in->data = state->next_in;
    *got = (size_t)(state->next_out - out);
    if (result != ISAL_DECOMP_OK) {
        return GUNZIP_BAD;
    }
    if (state->block_state == ISAL_BLOCK_FINISH) {
        start(gunzip);
        return GUNZIP_MEMBER_END;
    }
    return GUNZIP_MORE;
}
