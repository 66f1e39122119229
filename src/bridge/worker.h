/*
 * The line: poll, map, drop what is known, send, commit; one source at a
 * time. The order of those calls is the product: a crash between any two repeats
 * a batch and never skips one.
 */
#ifndef BRIDGE_WORKER_H
#define BRIDGE_WORKER_H

#include "bridge/page.h"
#include "net/ratelimit.h"

enum {
    WORKER_TURN_MS = 60 * 1000, /* then other sources get their turn */
    WORKER_TURN_PAGES = 100,
};

struct worker {
    const struct store_type *store_type;
    struct store *store;
    const struct runtime *runtime;
    struct ratelimit *ratelimit;
    struct page_reader reader;
    bool is_once;
    int64_t start_ms;   /* on the monotonic clock: T0 of run --once */
    int64_t renewed_ms; /* when the leases were last renewed, monotonic */
    int64_t stop_ms;    /* on the monotonic clock: no new page after it; 0: never */
};

int64_t worker_monotonic_ms(const struct worker *worker);

/*
 * Claims source, runs pages until nothing is due, its turn is over or a stop
 * comes, and gives it back. What happened is in source->end, error and counts.
 */
void worker_run(struct worker *worker, struct source *source);

#endif
