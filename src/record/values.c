#include "record/scan.h"

#include "base/mem.h"
#include "record/trie.h"

#include <assert.h>
#include <stdlib.h>

void values_init(struct values *values, const struct paths *paths)
{
    assert(paths->is_sealed);
    *values = (struct values){0};
    values_widen(values, paths);
    values_fit(values, paths);
}

/* memory for count elements of size bytes, of which those from used on are zero. */
static void *widen(void *memory, size_t used, size_t count, size_t size)
{
    uint8_t *wider = mem_resize(memory, count, size);
    memset(wider + used * size, 0, (count - used) * size);
    return wider;
}

void values_widen(struct values *values, const struct paths *paths)
{
    size_t slots = values->capacity;
    if (values->items == NULL || slots < paths->slot_count) {
        values->items =
            widen(values->items, slots, paths->slot_count, sizeof(struct value));
        values->filled =
            widen(values->filled, slots, paths->slot_count, sizeof(uint32_t));
        values->capacity = paths->slot_count;
    }
    if (values->seen == NULL || values->places < paths->node_count) {
        values->seen =
            widen(values->seen, values->places, paths->node_count, sizeof(uint64_t));
        values->places = paths->node_count;
    }
    buf_init(&values->scratch, SIZE_MAX / 2);
}

void values_clear(struct values *values)
{
    free(values->items);
    free(values->filled);
    free(values->seen);
    buf_clear(&values->scratch);
    *values = (struct values){0};
}

/*
 * Cleans what the scan before filled: a few slots of what may be a thousand, and the
 * values behind them, whose places are slots when the next paths have more.
 */
void values_empty(struct values *values)
{
    for (size_t i = 0; i < values->filled_count; i++) {
        size_t at = values->filled[i];
        do {
            size_t next = values->items[at].next;
            values->items[at] = (struct value){0};
            at = next;
        } while (at != 0);
    }
    values->filled_count = 0;
    values->count = values->slots;
    values->scratch.size = 0;
}

void values_fit(struct values *values, const struct paths *paths)
{
    values_empty(values);
    values->slots = paths->slot_count;
    values->count = paths->slot_count;
}

const struct value *values_at(const struct values *values, size_t slot)
{
    return &values->items[slot];
}

const struct value *values_next(const struct values *values, const struct value *value)
{
    return value->next == 0 ? NULL : &values->items[value->next];
}

bool values_has(const struct values *values, size_t slot)
{
    return values->items[slot].type > VALUE_NULL;
}
