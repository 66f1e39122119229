/*
 * What a fleet shows of itself at one moment, as gauges of the registry
 * (metrics/metrics.h). Called by the thread that keeps the sources: it alone may look at
 * all of them.
 */
#ifndef COMMANDS_COLLECT_H
#define COMMANDS_COLLECT_H

#include "bridge/fleet.h"

struct collect {
    const struct fleet *fleet;
    size_t max_sources; /* that have series of their own: those with the most lag */
    int64_t turn_ms;    /* when the oldest turn under way began, monotonic; 0: none is */
    int64_t success_ms; /* when a turn last ended well with no source failed; 0: never */
};

/* The fleet is new: forgets what another showed, and declares what this one counts. */
void collect_begin(const struct collect *collect);
void collect_now(struct collect *collect);

#endif
