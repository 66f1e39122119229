/*
 * Sends one batch to every sink of its source, and repeats what is undecided:
 * the only place that does so.
 *
 * Required sinks must decide every event before the deadline; what they refuse
 * becomes dead letters. Once a batch has waited for a sink in vain, the next ones try it
 * once each, until it decides one: else a thousand sources would each wait as long.
 *
 * An optional sink is tried once, for SEND_OPTIONAL_MS at most: what it misses is counted
 * and never holds the line. A route with principles gets only events that answer one of
 * them, and the bridge's own; events that no route wants are counted. What is older than
 * a sink takes is refused before it is sent, but for the bridge's own.
 *
 * Errors: those of the sink; ERROR_STOPPED when a stop came while waiting.
 */
#ifndef SINKS_SEND_H
#define SINKS_SEND_H

#include "sinks/sink.h"

#include <stdatomic.h>

enum { SEND_DEADLINE_MS = 120 * 1000, SEND_OPTIONAL_MS = 10 * 1000 };

/* What became of events at one sink, by decided batches. */
struct sink_counts {
    atomic_uint_fast64_t delivered;
    atomic_uint_fast64_t shortened; /* of these, without their record */
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t too_old; /* refused or, as the sink says, sent all the same */
    atomic_uint_fast64_t missed;  /* it is optional */
};

/* A sink that is open, shared by every source that routes to it. */
struct open_sink {
    const char *name;
    const struct sink_type *type;
    enum event_format format;
    struct sink *sink;
    int64_t max_age_ms; /* older events are refused, or sent and counted; 0: any age */
    bool sends_old;
    struct sink_counts counts;
    atomic_int
        held; /* enum error_kind: why it took nothing when last tried; 0: it took */
    atomic_bool
        is_given_up; /* a batch waited for it in vain, and none was decided since */
};

struct send_route {
    struct open_sink *sink;
    bool is_required;
    uint32_t principles; /* 0: every event; else only those that answer one of these */
};

struct send_routes {
    const struct send_route *items;
    size_t count;
};

/* An event that a required sink will never take. */
struct refusal {
    size_t event; /* index in the batch */
    const struct open_sink *sink;
    char reason[128];
};

struct send_result {
    struct refusal *refusals; /* owned */
    size_t refusal_count;
    size_t missed_count; /* events that optional sinks did not take */
    size_t duplicate_count;
    size_t unwanted_count; /* events that no route wants: delivered nowhere */
};

void send_result_clear(struct send_result *result);

/* result arrives zeroed; the caller clears it, also after a failure. */
bool send_batch(const struct send_routes *routes, const struct runtime *runtime,
                const struct batch *batch, struct send_result *result, struct error *err);

#endif
