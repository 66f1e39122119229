#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_clear(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->limit);
}

uint8_t *buf_reserve(struct buf *buf, size_t size)
{
    if (size > buf->limit || buf->size > buf->limit - size) {
        return NULL;
    }
    size_t needed = buf->size + size;
    if (buf->data == NULL || needed > buf->capacity) {
        size_t capacity = buf->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buf->capacity;
        while (capacity < needed) {
            capacity += capacity / 2;
        }
        if (capacity > buf->limit) {
            capacity = buf->limit;
        }
        buf->data = mem_resize(buf->data, capacity + BUF_PADDING, 1);
        memset(buf->data + capacity, 0, BUF_PADDING);
        buf->capacity = capacity;
    }
    return buf->data + buf->size;
}

bool buf_add(struct buf *buf, const void *data, size_t size)
{
    uint8_t *room = buf_reserve(buf, size);
    if (room == NULL) {
        return false;
    }
    if (size > 0) {
        memcpy(room, data, size);
        buf->size += size;
    }
    return true;
}

bool buf_add_bytes(struct buf *buf, struct bytes bytes)
{
    return buf_add(buf, bytes.data, bytes.size);
}

bool buf_add_text(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_add_byte(struct buf *buf, uint8_t byte)
{
    return buf_add(buf, &byte, 1);
}

bool buf_addf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = mem_vformat(fmt, args);
    va_end(args);
    bool added = buf_add_text(buf, text);
    free(text);
    return added;
}

struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){buf->data, buf->size};
}

const char *buf_text(struct buf *buf)
{
    if (buf->data == NULL) {
        return "";
    }
    buf->data[buf->size] = '\0'; /* the padding has room for it */
    return (const char *)buf->data;
}
