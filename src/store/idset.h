/*
 * The ids of one source, in memory: what a store keeps in its table of ids.
 */
#ifndef STORE_IDSET_H
#define STORE_IDSET_H

#include "store/store.h"

struct idset_entry {
    int64_t time_ms;
    uint8_t id16[ID16_SIZE];
    bool is_used;
};

struct idset { /* all-zero: empty */
    struct idset_entry *entries;
    size_t count;
    size_t room; /* a power of two, or 0 */
};

void idset_add(struct idset *set, const struct store_delivered *event);
bool idset_has(const struct idset *set, const struct store_delivered *event);
/* Forgets what is older than before_ms. */
void idset_forget(struct idset *set, int64_t before_ms);
void idset_clear(struct idset *set);

#endif
