/*
 * Memory that is released all at once: what a set of mappings is made of is
 * built together at load, never changed, and dies together.
 */
#ifndef MAPPING_ARENA_H
#define MAPPING_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *blocks; /* newest first */
};

/* Room for count zeroed objects of size bytes; belongs to arena. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* A copy of text; belongs to arena. */
char *arena_text(struct arena *arena, const char *text);
void arena_clear(struct arena *arena);

#endif
