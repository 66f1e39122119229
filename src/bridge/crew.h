/*
 * The threads that run a fleet. Workers, each with a runtime and so connections of its
 * own, take turns with sources; the calling thread keeps the queue, the leases and the
 * time, and hears a stop.
 */
#ifndef BRIDGE_CREW_H
#define BRIDGE_CREW_H

#include "bridge/fleet.h"

enum {
    CREW_MAX = 256,
    CREW_AUTO_MAX = 32,        /* of workers nobody asked for */
    CREW_GRACE_MS = 10 * 1000, /* for requests in flight when the time is up */
};

struct crew_plan {
    size_t worker_count;    /* 0: one a source, up to CREW_AUTO_MAX */
    bool is_once;           /* until nothing is left of what was due at the start */
    int64_t max_runtime_ms; /* then no turn begins; 0: no limit */
};

/*
 * Runs fleet until its plan is done, its time is up, or a stop comes. Every source has
 * been given back then. True when nothing failed.
 */
bool crew_run(struct fleet *fleet, const struct crew_plan *plan);

#endif
