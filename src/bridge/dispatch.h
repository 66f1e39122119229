/*
 * The bridge's own events on their way out: collected from many sources that have the
 * same sinks, and sent up to BATCH_EVENTS_MAX at a time.
 *
 * Each belongs to an owner, a number of the caller's. Who fails has something that a
 * required sink did not take; it is told again, with the same ids.
 */
#ifndef BRIDGE_DISPATCH_H
#define BRIDGE_DISPATCH_H

#include "bridge/source.h"
#include "event/notice.h"

struct dispatch {
    const struct runtime *runtime;
    const struct source *model; /* any source with these sinks */
    bool *has_failed;           /* by owner; the caller's */
    int64_t deadline_ms;        /* as in struct batch; the caller may set it */
    struct batch batch;
    size_t owners[BATCH_EVENTS_MAX];
    struct buf id;
    struct error error; /* why a sink is held: nothing more is tried */
};

void dispatch_begin(struct dispatch *dispatch, const struct runtime *runtime,
                    const struct source *model, bool *has_failed);
/* Adds what source has to tell; sends when the batch is full. */
void dispatch_add(struct dispatch *dispatch, size_t owner, const struct source *source,
                  const struct notice *notice);
/* Sends the rest. False, with err set, when a required sink is held. */
bool dispatch_end(struct dispatch *dispatch, struct error *err);

#endif
