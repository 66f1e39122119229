/*
 * All sources of a configuration, its sinks and its store: what a crew (bridge/crew.h)
 * runs.
 */
#ifndef BRIDGE_FLEET_H
#define BRIDGE_FLEET_H

#include "bridge/backfill.h"
#include "bridge/scout.h"
#include "bridge/worker.h"

/* What a fleet is made from; all of it is borrowed until fleet_close. */
struct fleet_plan {
    const struct config *config;
    const struct mapping_set *mappings;
    const struct provider *const *providers; /* ends with NULL */
    const struct runtime *runtime;
    const struct store_type *store_type; /* NULL: SQLite */
    const struct backfill *backfill;     /* instead of reading on; NULL: none */
    char *const
        *names; /* of sources or entries, the only ones; ends with NULL; or NULL */
    /*
     * The fleet that this one is to follow, while that one runs: its store is used, and
     * of entries that have not changed it is known what they stand for. NULL: none.
     */
    const struct fleet *before;
};

/* What sources of a provider had come to that left the run. */
struct fleet_left {
    const struct provider *provider;
    struct source_counts counts;
};

struct fleet {
    struct fleet_plan plan;
    struct source **sources; /* none ever leaves: what is gone says so */
    size_t source_count;
    json_t *by_name; /* their places in sources */
    struct open_sink *sinks;
    size_t sink_count;
    struct worker worker; /* what every thread's worker shares; its runtime is plan's */
    bool *lacks; /* of each entry: whether it is without sources that it should have */
    struct scout *scout;
    int64_t discover_ms;   /* when to look again what the entries stand for; monotonic */
    int64_t discovered_ms; /* when that was known last */
    bool has_lost_leases;  /* they could not be renewed when that was last tried */
    struct fleet_left *left; /* by provider */
    size_t left_count;
};

/*
 * Opens sinks and the store and finds out what every entry stands for. An entry of which
 * nothing is known is told of and passed over; it is looked for again.
 * Errors: ERROR_CONFIG and those of sinks and store.
 */
bool fleet_open(struct fleet *fleet, const struct fleet_plan *plan, struct error *err);
/*
 * Takes the place of plan's before, which no crew runs any longer: its store and runtime
 * become this fleet's, and sources and sinks of the same name go on counting. before is
 * good for nothing then but to be closed.
 */
void fleet_follow(struct fleet *fleet, struct fleet *before);
/* Accepts an all-zero fleet. A store that is another's stays open. */
void fleet_close(struct fleet *fleet);

/*
 * Looks again, when it is time, what the entries stand for, and takes over what was found
 * since: new sources come behind the others, and what is gone or back says so. Never
 * waits. The thread that keeps the sources calls it, again and again.
 */
void fleet_rediscover(struct fleet *fleet);
/* What an entry stands for may have changed: fleet_rediscover looks again soon. */
void fleet_doubt(struct fleet *fleet);

/* Whether a source failed, or an entry is without sources that it should have. */
bool fleet_has_failed(const struct fleet *fleet);
/* Whether an entry is without sources that it should have. */
bool fleet_is_lacking(const struct fleet *fleet);

#endif
