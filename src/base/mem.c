#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_SIZE = 1 << 20, /* of an arena; there is one for each few threads */
    ARENAS_MAX = 8,
};

void mem_tune(void)
{
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    mallopt(M_MMAP_THRESHOLD, KEPT_SIZE);
    mallopt(M_TRIM_THRESHOLD, KEPT_SIZE);
    mallopt(M_TOP_PAD, KEPT_SIZE / 4);
}

static void *or_end(void *memory)
{
    if (memory == NULL) {
        fputs("auditbridge: out of memory\n", stderr);
        _Exit(1);
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    return or_end(malloc(size == 0 ? 1 : size));
}

void *mem_new(size_t count, size_t size)
{
    return or_end(calloc(count == 0 ? 1 : count, size));
}

void *mem_resize(void *memory, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return or_end(NULL);
    }
    return or_end(realloc(memory, count * size == 0 ? 1 : count * size));
}

char *mem_dup(const char *text)
{
    return mem_dup_bytes(text, strlen(text));
}

char *mem_dup_bytes(const void *data, size_t size)
{
    char *copy = mem_alloc(size + 1);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    return copy;
}

char *mem_vformat(const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);

    char *text = mem_alloc((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, fmt, again);
    va_end(again);
    return text;
}

char *mem_format(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = mem_vformat(fmt, args);
    va_end(args);
    return text;
}
