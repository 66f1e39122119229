/*
 * The part of a stream that is in memory: a run of bytes that moves forward over
 * the stream and grows when asked to hold more. Private to record/.
 */
#ifndef RECORD_WINDOW_H
#define RECORD_WINDOW_H

#include "record/broken.h"
#include "record/inflate.h"
#include "record/record.h"

enum {
    WINDOW_FIRST = 256 << 10,
    WINDOW_MAX = RECORD_SIZE_MAX + (256 << 10), /* a record and what is around it */
};

struct window {
    struct inflate *stream; /* NULL: data is all there is, and the caller's */
    const uint8_t *data;
    size_t at;       /* the first byte of the rest: what is not done with */
    size_t size;     /* bytes in data */
    uint64_t offset; /* of the byte behind data in the stream */
    bool has_failed; /* failure says why the stream cannot be read on */
    struct error failure;
    uint8_t *memory;
    size_t capacity;
};

void window_clear(struct window *window);
/* Starts over on a stream or on bytes; the memory is kept. Borrows both. */
void window_start(struct window *window, struct inflate *stream);
void window_start_bytes(struct window *window, struct bytes body);

/* What is not done with. BUF_PADDING bytes behind it may be read. */
struct bytes window_rest(const struct window *window);
/* Where the rest begins in the stream. */
uint64_t window_offset(const struct window *window);
/*
 * Adds bytes behind the rest, growing up to WINDOW_MAX. False when there are none or
 * no room for them. Moves the rest.
 */
bool window_more(struct window *window);
/* Passes over white space. False when the stream ends before anything else. */
bool window_pass_space(struct window *window);
/* Passes over a byte order mark, if the rest begins with one. */
void window_pass_mark(struct window *window);
/*
 * Passes over something broken, however long: *size bytes of the stream, of which
 * the first are shown. False when the stream ended before its end was found.
 */
bool window_pass(struct window *window, struct broken *broken, struct bytes *shown,
                 uint64_t *size);

#endif
