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
    CREW_WATCH_MS = 500,       /* how often at least a watch looks */
    CREW_GRACE_MS = 10 * 1000, /* for requests in flight when the time is up */
};

struct crew_plan {
    size_t worker_count;    /* 0: one a source, up to CREW_AUTO_MAX */
    bool is_once;           /* until nothing is left of what was due at the start */
    bool is_silent;         /* the platform is told nothing of the bridge itself */
    int64_t max_runtime_ms; /* then no turn begins; 0: no limit */
    /* Called by the calling thread now and then, to look at the meters; may be NULL. */
    void (*watch)(void *context);
    void *watch_context;
};

/*
 * Runs fleet until its plan is done, its time is up, or a stop comes. Every source has
 * been given back then. True when nothing failed.
 */
bool crew_run(struct fleet *fleet, const struct crew_plan *plan);

#endif
