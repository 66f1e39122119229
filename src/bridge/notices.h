/*
 * The bridge's own events (docs/event.md): tells the platform, in few requests and two
 * transactions however many sources there are, what the store knows and the platform
 * does not yet: starts, receipts, gaps, losses, denials, changes, and one heartbeat a
 * source and hour.
 *
 * What happens is written down before it is told and counts as told only once every
 * required sink took it; a crash in between repeats it with the same id. Telling never
 * holds up reading, and needs no lease: two processes tell the same thing at worst.
 */
#ifndef BRIDGE_NOTICES_H
#define BRIDGE_NOTICES_H

#include "bridge/telling.h"

enum { NOTICES_EVERY_MS = 60 * 1000 };

/* One round: who tells what of whom. Everything is borrowed. */
struct notices_round {
    const struct store_type *store_type;
    struct store *store;
    const struct runtime *runtime;
    const struct telling_source *sources;
    size_t source_count;
    int64_t deadline_ms; /* when to give up, monotonic clock; 0: as for any batch */
};

/*
 * Tells all that is due. False when something could not be told: it will be the next
 * time. Errors: those of sinks and store.
 */
bool notices_tell(const struct notices_round *round, struct error *err);

#endif
