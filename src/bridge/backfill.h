/*
 * Reading a stretch of a log again, or for the first time when it lies before a source's
 * start, without touching where the source stands.
 *
 * To the store a backfill is a source of its own, called NAME~FROM~TO: with its own
 * lease, cursor and ids, so that it goes on after a crash where it was, and drops what it
 * has sent itself and nothing else: what the source delivered long ago is sent again, for
 * the platform may have lost it. The events have the same ids as ever and say
 * moj.backfill.
 */
#ifndef BRIDGE_BACKFILL_H
#define BRIDGE_BACKFILL_H

#include "bridge/slice.h"
#include "bridge/worker.h"

struct backfill {
    int64_t from_ms;
    int64_t to_ms; /* inclusive */
};

/* What the store calls the backfill of the source called name. The caller frees. */
char *backfill_key(const struct backfill *backfill, const char *name);
/* Whether provider keeps times to read by. */
bool backfill_is_possible(const struct provider *provider);
/*
 * Opens the next slice of the stretch, or says that it was read; as slice_plan does.
 * What the cloud no longer keeps is a gap.
 */
struct slice_plan backfill_plan(const struct backfill *backfill, struct cursor *cursor,
                                const struct slicing *slicing,
                                const struct slice_moment *moment);
/*
 * source was claimed and gets its first turn: a stretch that an earlier run read to its
 * end begins anew.
 */
bool backfill_begin(struct worker *worker, struct source *source, struct error *err);

#endif
