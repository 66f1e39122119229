/*
 * All sources of a configuration, and whose turn it is: due sources go
 * longest-waiting first.
 */
#ifndef BRIDGE_FLEET_H
#define BRIDGE_FLEET_H

#include "bridge/scout.h"
#include "bridge/worker.h"

/* What a fleet is made from; all of it is borrowed until fleet_close. */
struct fleet_plan {
    const struct config *config;
    const struct mapping_set *mappings;
    const struct provider *const *providers; /* ends with NULL */
    const struct runtime *runtime;
};

struct fleet {
    struct fleet_plan plan;
    struct source **sources; /* none ever leaves: what is gone says so */
    size_t source_count;
    json_t *by_name; /* their places in sources */
    struct open_sink *sinks;
    size_t sink_count;
    struct worker worker;
    bool *lacks; /* of each entry: whether it is without sources that it should have */
    struct scout *scout;
    int64_t discover_ms; /* when to look again what the entries stand for; monotonic */
};

/*
 * Opens sinks and the store and finds out what every entry stands for. An entry of which
 * nothing is known is told of and passed over; it is looked for again.
 * Errors: ERROR_CONFIG and those of sinks and store.
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
