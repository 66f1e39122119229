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
#include "bridge/worker.h"

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

/* Writes down a gap, to be told. It is not lost once this returns true. */
bool notices_note_gap(const struct worker *worker, const struct source *source,
                      const struct store_gap *gap, struct error *err);

/* Somebody looked at dead letters of source, or replayed or removed them. */
struct notices_access {
    const char *source;
    const char *action; /* "list", "show", "replay", "purge" */
    const char *letter; /* the event.id of the only one; NULL: count of them */
    size_t count;
    int64_t now_ms;
};

/* Writes it down, with the user id of this process, for the next run to tell. */
bool notices_note_access(const struct store_type *store_type, struct store *store,
                         const struct notices_access *access, struct error *err);

#endif
