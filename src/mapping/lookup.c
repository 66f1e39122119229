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

/* The upper half: there the bits of every word have arrived. */
static uint32_t fold(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static uint32_t hash_name(struct bytes name)
{
    uint64_t hash = name.size;
    if (name.size >= WORD) {
        for (size_t i = 0; i + WORD < name.size; i += WORD) {
            hash = mix(hash, load_word(name.data + i));
        }
        return fold(mix(hash, load_word(name.data + name.size - WORD)));
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < name.size; i++) {
        tail = tail << 8 | name.data[i];
    }
    return fold(mix(hash, tail));
}

static bool is_slot(const struct lookup_slot *slot, uint32_t hash, struct bytes name)
{
    return slot->hash == hash &&
           bytes_equal((struct bytes){slot->name, slot->name_size}, name);
}

void *lookup_find(const struct lookup *lookup, struct bytes name)
{
    if (lookup->count == 0) {
        return NULL;
    }
    uint32_t hash = hash_name(name);
    size_t mask = lookup->slot_count - 1;
    size_t at = hash & mask;
    while (lookup->slots[at].thing != NULL && !is_slot(&lookup->slots[at], hash, name)) {
        at = (at + 1) & mask;
    }
    return lookup->slots[at].thing;
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

/* At most two thirds are in use, so that looking for what is not there ends soon. */
static bool has_room(const struct lookup *lookup, size_t count)
{
    return 3 * count <= 2 * lookup->slot_count;
}

/* The smaller table stays in the arena: where many names come, they are announced. */
void lookup_reserve(struct lookup *lookup, struct arena *arena, size_t count)
{
    struct lookup old = *lookup;
    if (has_room(lookup, count)) {
        return;
    }
    lookup->slot_count = old.slot_count == 0 ? SLOTS_AT_FIRST : old.slot_count;
    while (!has_room(lookup, count)) {
        lookup->slot_count *= 2;
    }
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
    lookup_reserve(lookup, arena, lookup->count + 1);
    const struct lookup_slot slot = {name.data, thing, (uint32_t)name.size,
                                     hash_name(name)};
    place_slot(lookup, &slot);
    lookup->count++;
}
