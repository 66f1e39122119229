/*
 * The line: poll, map, drop what is known, send, commit; one source at a
 * time. The order of those calls is the product: a crash between any two repeats
 * a batch and never skips one.
 */
#ifndef BRIDGE_WORKER_H
#define BRIDGE_WORKER_H

#include "bridge/page.h"
#include "net/ratelimit.h"

struct backfill;
struct denials;
struct queue;

enum {
    WORKER_TURN_MS = 60 * 1000, /* then other sources get their turn */
    WORKER_TURN_PAGES = 100,
};

/* A thread of the crew: what it shares with the others, and what is its own. */
struct worker {
    const struct store_type *store_type;
    struct store *store;
    struct ratelimit *ratelimit;
    struct denials *denials;
    struct queue *queue;             /* NULL: nobody else wants the thread */
    const struct backfill *backfill; /* NULL: reads on from the marks */
    bool is_once;
    int64_t start_ms; /* on the monotonic clock: T0 of run --once */
    int64_t stop_ms;  /* on the monotonic clock: no new page after it; 0: never */

    const struct runtime *runtime;
    struct page_reader reader;
};

int64_t worker_monotonic_ms(const struct worker *worker);

/*
 * Runs pages of source, which the process has claimed, until nothing is due, its turn is
 * over, others should have the thread, or a stop comes. What happened is in source->end,
 * due_ms, error and counts.
 */
void worker_run(struct worker *worker, struct source *source);
/* How far before now_ms a source that is new to the store starts. */
int64_t worker_lookback_ms(const struct worker *worker, const struct source *source,
                           int64_t now_ms);
/* The source's turn could not begin: source->error says why. */
void worker_refused(struct worker *worker, struct source *source);

#endif
