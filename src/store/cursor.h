/*
 * Where a source stands: what a store remembers of it, and slice.h moves.
 */
#ifndef STORE_CURSOR_H
#define STORE_CURSOR_H

#include "provider.h"

#include <jansson.h>

struct cursor {
    int64_t start_ms;
    int64_t mark_ms[SLICE_PASSES]; /* one a pass, falling; unused ones equal start_ms */
    int64_t span_ms;               /* how long the next slice may be */
    bool is_open;                  /* slice holds an unfinished slice */
    struct slice slice;
    json_t *place; /* the provider's place inside it; owned; NULL: at its start */
};

#endif
