#include "mapping/lookup.h"

enum { SLOTS_AT_FIRST = 8, WORD = sizeof(uint64_t) };

/* Odd, with its bits evenly spread: the golden ratio's fraction. */
static const uint64_t mixer = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * mixer;
    return hash ^ hash >> 29;
}

static uint64_t load_word(const uint8_t *data)
{
    uint64_t word = 0;
    memcpy(&word, data, sizeof(word));
    return word;
}

static uint64_t hash_name(struct bytes name)
{
    uint64_t hash = name.size;
    if (name.size >= WORD) {
        for (size_t i = 0; i + WORD < name.size; i += WORD) {
            hash = mix(hash, load_word(name.data + i));
        }
        return mix(hash, load_word(name.data + name.size - WORD));
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < name.size; i++) {
        tail = tail << 8 | name.data[i];
    }
    return mix(hash, tail);
}

void *lookup_find(const struct lookup *lookup, struct bytes name)
{
    if (lookup->count == 0) {
        return NULL;
    }
    uint64_t hash = hash_name(name);
    size_t mask = lookup->slot_count - 1;
    size_t at = hash & mask;
    while (lookup->slots[at].thing != NULL) {
        const struct lookup_slot *slot = &lookup->slots[at];
        if (slot->hash == hash && bytes_equal(slot->name, name)) {
            return slot->thing;
        }
        at = (at + 1) & mask;
    }
    return NULL;
}

static void place_slot(struct lookup *lookup, const struct lookup_slot *slot)
{
    size_t mask = lookup->slot_count - 1;
    size_t at = slot->hash & mask;
    while (lookup->slots[at].thing != NULL) {
        at = (at + 1) & mask;
    }
    lookup->slots[at] = *slot;
}

/* The smaller table stays in the arena; together they are as large as the last. */
static void grow_slots(struct lookup *lookup, struct arena *arena)
{
    struct lookup old = *lookup;
    lookup->slot_count = old.slot_count == 0 ? SLOTS_AT_FIRST : 2 * old.slot_count;
    lookup->slots = arena_alloc(arena, lookup->slot_count, sizeof(*lookup->slots));
    for (size_t i = 0; i < old.slot_count; i++) {
        if (old.slots[i].thing != NULL) {
            place_slot(lookup, &old.slots[i]);
        }
    }
}

void lookup_add(struct lookup *lookup, struct arena *arena, struct bytes name,
                void *thing)
{
    if (4 * lookup->count >= 3 * lookup->slot_count) {
        grow_slots(lookup, arena);
    }
    const struct lookup_slot slot = {name, hash_name(name), thing};
    place_slot(lookup, &slot);
    lookup->count++;
}
