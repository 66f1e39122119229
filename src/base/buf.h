/*
 * Bytes that grow up to a stated ceiling. Adding past the ceiling adds nothing
 * and returns false, so an answer larger than its limit is ERROR_TOO_BIG and
 * not memory. data always has BUF_PADDING readable bytes behind size, so that
 * a scanner may load whole words.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"

enum { BUF_PADDING = 16 };

struct buf {
    uint8_t *data; /* NULL until something is added */
    size_t size;
    size_t capacity;
    size_t limit;
};

void buf_init(struct buf *buf, size_t limit);
/* Releases the bytes; buf is as after buf_init. Accepts an all-zero buf. */
void buf_clear(struct buf *buf);

bool buf_add(struct buf *buf, const void *data, size_t size);
bool buf_add_bytes(struct buf *buf, struct bytes bytes);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_byte(struct buf *buf, uint8_t byte);
bool buf_addf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Makes room for size more bytes and returns where they go, for writers that
 * fill memory themselves and then raise buf->size; NULL when the limit forbids.
 */
uint8_t *buf_reserve(struct buf *buf, size_t size);

/* What it holds, borrowed until the next change. */
struct bytes buf_bytes(const struct buf *buf);
/* The same with a NUL behind it. Borrowed until the next change. */
const char *buf_text(struct buf *buf);

#endif
