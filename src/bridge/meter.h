/*
 * What a source's turns did, for whoever watches: the numbers that a watcher looks at
 * from another thread, and what is counted for Prometheus (metrics/metrics.h).
 */
#ifndef BRIDGE_METER_H
#define BRIDGE_METER_H

#include "base/error.h"
#include "runtime.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct send_result;
struct source;
struct store_gap;

struct meter {
    /* The thread that reads the source sets these; any thread looks at them. */
    _Atomic int64_t head_ms; /* everything before was read once; 0: not known yet */
    _Atomic uint64_t delivered;
    _Atomic int64_t began_ms;     /* when its turn began, monotonic; 0: it has none */
    _Atomic int64_t outbox_bytes; /* of a batch that is kept until it was taken */

    /* The keeper's alone, set as turns end. */
    int end;            /* enum source_end */
    int64_t success_ms; /* wall clock; 0: no turn has ended well yet */
    bool is_dated;
    int64_t skew_ms; /* this machine's clock less the cloud's */
};

/* meter is of the same source as before, in a fleet that follows. Neither has a turn. */
void meter_follow(struct meter *meter, const struct meter *before);
/* A turn is over: called by the keeper, who has source back. */
void meter_turn_ended(struct source *source, const struct runtime *runtime);
/* A page was asked for; ERROR_NONE: and came. */
void meter_request(const struct source *source, enum error_kind kind);
/* Records came. */
void meter_read(const struct source *source, size_t record_count);
/* A stretch of the log is missing. */
void meter_gap(const struct source *source, const struct store_gap *gap,
               const struct runtime *runtime);
/* source's batch was settled at now_ms, by the cloud's clock, as result says. */
void meter_batch(const struct source *source, const struct batch *batch,
                 const struct send_result *result, int64_t now_ms);
/* A commit took ms, and threw away that many dead letters. */
void meter_commit(int64_t ms, size_t letters_expired);

#endif
