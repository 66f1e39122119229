/*
 * All sources of a configuration, its sinks and its store: what a crew (bridge/crew.h)
 * runs.
 */
#ifndef BRIDGE_FLEET_H
#define BRIDGE_FLEET_H

#include "bridge/worker.h"

struct fleet {
    struct source *sources;
    size_t source_count;
    struct open_sink *sinks;
    size_t sink_count;
    struct worker worker; /* what every thread's worker shares; its runtime is plan's */
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

#endif
