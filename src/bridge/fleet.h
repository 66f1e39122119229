/*
 * All sources of a configuration, and whose turn it is: due sources go
 * longest-waiting first.
 */
#ifndef BRIDGE_FLEET_H
#define BRIDGE_FLEET_H

#include "bridge/worker.h"

struct fleet {
    struct source *sources;
    size_t source_count;
    struct open_sink *sinks;
    size_t sink_count;
    struct worker worker;
    int64_t told_ms; /* when the platform was last told of the sources, monotonic */
};

/* What a fleet is made from; all of it is borrowed until fleet_close. */
struct fleet_plan {
    const struct config *config;
    const struct mapping_set *mappings;
    const struct provider *const *providers; /* ends with NULL */
    const struct runtime *runtime;
};

/*
 * Opens sinks and the store and expands every entry into its sources.
 * Errors: ERROR_CONFIG and those of sinks, store and expand.
 */
bool fleet_open(struct fleet *fleet, const struct fleet_plan *plan, struct error *err);
/* Accepts an all-zero fleet. */
void fleet_close(struct fleet *fleet);

/*
 * Runs until stopped; with is_once until no source has anything due of what was
 * due at the start. max_runtime_ms 0: no limit. True when nothing failed.
 */
bool fleet_run(struct fleet *fleet, bool is_once, int64_t max_runtime_ms);

#endif
