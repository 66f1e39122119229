#include "mapping/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SIZE = 32 << 10,
    LARGE_SIZE = BLOCK_SIZE / 4, /* gets a block of its own */
};

/* What the objects of a mapping are made of. */
union largest {
    void *pointer;
    size_t size;
    uint64_t number;
};

/* Objects are laid from the beginning, texts from the end: they need no alignment. */
struct arena_block {
    struct arena_block *next;
    size_t used; /* by objects */
    size_t size; /* up to where texts begin */
    alignas(union largest) uint8_t data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = mem_new(1, sizeof(*block) + size);
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

/* Behind the newest, which goes on being filled. */
static void *add_large(struct arena *arena, size_t size)
{
    struct arena_block *newest = arena->blocks;
    struct arena_block *block = add_block(arena, size);
    block->used = size;
    if (newest != NULL) {
        block->next = newest->next;
        newest->next = block;
        arena->blocks = newest;
    }
    return block->data;
}

/* The block that has room for size bytes more. */
static struct arena_block *block_for(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    bool has_room = block != NULL && block->size - block->used >= size;
    return has_room ? block : add_block(arena, BLOCK_SIZE);
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    const size_t step = alignof(union largest);
    size_t wanted = (count * size + step - 1) / step * step;
    if (wanted > LARGE_SIZE) {
        return add_large(arena, wanted);
    }
    struct arena_block *block = block_for(arena, wanted);
    void *memory = block->data + block->used;
    block->used += wanted;
    return memory;
}

char *arena_text(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > LARGE_SIZE) {
        return memcpy(add_large(arena, size), text, size);
    }
    struct arena_block *block = block_for(arena, size);
    block->size -= size;
    return memcpy(block->data + block->size, text, size);
}

void arena_clear(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}
