#include "store/idset.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* Where the event is, or would be put. An id16 is evenly spread: it is its own hash. */
static size_t place_of(const struct idset *set, int64_t time_ms, const uint8_t *id16)
{
    size_t start = 0;
    memcpy(&start, id16, sizeof(start));
    size_t i = start & (set->room - 1);
    while (set->entries[i].is_used &&
           (set->entries[i].time_ms != time_ms ||
            memcmp(set->entries[i].id16, id16, ID16_SIZE) != 0)) {
        i = (i + 1) & (set->room - 1);
    }
    return i;
}

static void put(struct idset *set, int64_t time_ms, const uint8_t *id16)
{
    struct idset_entry *entry = &set->entries[place_of(set, time_ms, id16)];
    set->count += entry->is_used ? 0 : 1;
    entry->time_ms = time_ms;
    memcpy(entry->id16, id16, ID16_SIZE);
    entry->is_used = true;
}

/* Moves everything from since_ms on into a table of room entries. */
static void rebuild(struct idset *set, size_t room, int64_t since_ms)
{
    struct idset next = {.entries = mem_new(room, sizeof(*next.entries)), .room = room};
    for (size_t i = 0; i < set->room; i++) {
        const struct idset_entry *entry = &set->entries[i];
        if (entry->is_used && entry->time_ms >= since_ms) {
            put(&next, entry->time_ms, entry->id16);
        }
    }
    free(set->entries);
    *set = next;
}

void idset_add(struct idset *set, const struct store_delivered *event)
{
    if (2 * (set->count + 1) > set->room) {
        rebuild(set, set->room == 0 ? FIRST_ROOM : 2 * set->room, INT64_MIN);
    }
    put(set, event->time_ms, event->id16);
}

bool idset_has(const struct idset *set, const struct store_delivered *event)
{
    return set->room > 0 &&
           set->entries[place_of(set, event->time_ms, event->id16)].is_used;
}

void idset_forget(struct idset *set, int64_t before_ms)
{
    if (set->count > 0) {
        rebuild(set, set->room, before_ms);
    }
}

void idset_clear(struct idset *set)
{
    free(set->entries);
    *set = (struct idset){0};
}
