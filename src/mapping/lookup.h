/*
 * Names to things: filled once at load, then asked several times for every
 * record. Finding allocates nothing and reads each name's bytes once.
 */
#ifndef MAPPING_LOOKUP_H
#define MAPPING_LOOKUP_H

#include "base/bytes.h"
#include "mapping/arena.h"

struct lookup_slot {
    const uint8_t *name;
    void *thing; /* NULL: the slot is free */
    uint32_t name_size;
    uint32_t hash;
};

/* All zero when empty. */
struct lookup {
    struct lookup_slot *slots;
    size_t slot_count; /* 0 or a power of two */
    size_t count;
};

/* What name leads to, or NULL. */
void *lookup_find(const struct lookup *lookup, struct bytes name);
/* Makes room for count names; more can be added, at the price of a larger table. */
void lookup_reserve(struct lookup *lookup, struct arena *arena, size_t count);
/* Adds a name that is not there yet. Borrows name and thing; room is from arena. */
void lookup_add(struct lookup *lookup, struct arena *arena, struct bytes name,
                void *thing);

#endif
