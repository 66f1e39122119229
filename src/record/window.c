#include "record/window.h"

#include "base/mem.h"
#include "record/token.h"

#include <stdlib.h>

enum { SHOWN_MAX = 64 << 10 }; /* kept of something broken that is longer */

void window_clear(struct window *window)
{
    free(window->memory);
    *window = (struct window){0};
}

void window_start(struct window *window, struct inflate *stream)
{
    *window = (struct window){
        .stream = stream,
        .data = window->memory,
        .memory = window->memory,
        .capacity = window->capacity,
    };
}

void window_start_bytes(struct window *window, struct bytes body)
{
    window_start(window, NULL);
    window->data = body.data;
    window->size = body.size;
    window->offset = body.size;
}

struct bytes window_rest(const struct window *window)
{
    size_t size = window->size - window->at;
    return (struct bytes){size == 0 ? window->data : window->data + window->at, size};
}

uint64_t window_offset(const struct window *window)
{
    return window->offset - (window->size - window->at);
}

/* Fills the memory behind its first kept bytes. */
static bool fill(struct window *window, size_t kept)
{
    size_t got = 0;
    if (!inflate_read(window->stream, window->memory + kept, window->capacity - kept,
                      &got, &window->failure)) {
        window->has_failed = true;
        got = 0;
    }
    window->offset += got;
    window->size = kept + got;
    memset(window->memory + window->size, 0, BUF_PADDING);
    return got > 0;
}

static void grow(struct window *window)
{
    size_t wider = window->capacity == 0 ? WINDOW_FIRST : 2 * window->capacity;
    window->capacity = wider > WINDOW_MAX ? WINDOW_MAX : wider;
    window->memory = mem_resize(window->memory, window->capacity + BUF_PADDING, 1);
    window->data = window->memory;
}

bool window_more(struct window *window)
{
    if (window->stream == NULL || window->has_failed) {
        return false;
    }
    size_t kept = window->size - window->at;
    if (kept == WINDOW_MAX) {
        return false;
    }
    if (window->at > 0) {
        memmove(window->memory, window->memory + window->at, kept);
        window->at = 0;
        window->size = kept;
    }
    if (kept == window->capacity) {
        grow(window);
    }
    return fill(window, kept);
}

bool window_pass_space(struct window *window)
{
    do {
        struct bytes rest = window_rest(window);
        if (rest.size > 0) {
            struct reader reader = {.end = rest.data + rest.size};
            window->at += (size_t)(token_space(&reader, rest.data) - rest.data);
        }
    } while (window->at == window->size && window_more(window));
    return window->at < window->size;
}

void window_pass_mark(struct window *window)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    bool has_more = true;
    while (has_more && window_rest(window).size < sizeof(mark)) {
        has_more = window_more(window);
    }
    if (has_more && memcmp(window_rest(window).data, mark, sizeof(mark)) == 0) {
        window->at += sizeof(mark);
    }
}

/* Keeps only the first keep bytes of the rest and puts what follows behind them. */
static bool replace(struct window *window, size_t keep)
{
    if (window->stream == NULL || window->has_failed) {
        return false;
    }
    memmove(window->memory, window->memory + window->at, keep);
    window->at = 0;
    return fill(window, keep);
}

bool window_pass(struct window *window, struct broken *broken, struct bytes *shown,
                 uint64_t *size)
{
    size_t seen = 0; /* bytes of the rest that were followed */
    bool is_whole = true;
    bool is_found = false;
    bool has_more = true;
    *size = 0;
    while (!is_found && has_more) {
        struct bytes rest = window_rest(window);
        struct bytes piece = {rest.data + seen, rest.size - seen};
        size_t used = 0;
        is_found = broken_follow(broken, piece, &used);
        seen += used;
        *size += used;
        if (!is_found && seen < SHOWN_MAX) {
            has_more = window_more(window);
        } else if (!is_found) {
            has_more = replace(window, SHOWN_MAX);
            is_whole = is_whole && !has_more;
            seen = has_more ? SHOWN_MAX : window_rest(window).size;
        }
    }
    *shown = (struct bytes){window_rest(window).data, is_whole ? seen : SHOWN_MAX};
    window->at += seen;
    return is_found;
}
