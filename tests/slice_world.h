/*
 * A cloud's log with late events, made from a seed, and where a bridge stands that reads
 * it. Used by the property test of bridge/slice.h.
 */
#ifndef SLICE_WORLD_H
#define SLICE_WORLD_H

#include "bridge/slice.h"

enum {
    WORLD_HOURS = 4,
    WORLD_TAIL_HOURS = 3,
    WORLD_EVENTS_MAX = 8192,
    WORLD_GAPS_MAX = 64,
};

#define WORLD_ORIGIN_MS INT64_C(1760000000000)

struct event {
    int64_t t_ms;
    int64_t shown_ms; /* when the cloud's API begins to return it */
    uint64_t shuffle; /* its place in an answer whose order means nothing */
    bool is_sent;
    bool is_known; /* the store holds its id */
    bool is_settled;
};

struct world {
    uint64_t seed;
    uint64_t state;
    bool is_ordered; /* newest first; else in no order */
    struct slicing slicing;
    struct event *events;
    size_t event_count;
    int64_t now_ms; /* the cloud's time */
    bool is_told;   /* an answer has told this process the cloud's time */
    int64_t outage_ms;
    struct cursor cursor;
    struct cursor stored; /* what the last commit holds */
    struct store_gap gaps[WORLD_GAPS_MAX];
    size_t gap_count;
    size_t crashes;
    size_t checks;
    size_t repeats;
};

/* The same for the same seed. One in four keeps its log for 3 hours and has an outage. */
void world_init(struct world *world, uint64_t seed, bool is_ordered);
void world_clear(struct world *world);

int64_t world_between(struct world *world, int64_t low, int64_t high);
bool world_happens(struct world *world, int percent);

/* What the cloud answers, now, for the events from a to b. */
size_t world_query(struct world *world, int64_t a_ms, int64_t b_ms, struct event **seen);

#endif
