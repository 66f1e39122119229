/*
 * What a run lets others see of it (the configuration's `metrics`): a long run serves
 * metrics and health, and any run writes its textfile and pushes as it ends. That none of
 * it works never fails a run, but for an address that cannot be listened on.
 */
#ifndef COMMANDS_OBSERVE_H
#define COMMANDS_OBSERVE_H

#include "commands/collect.h"
#include "metrics/health.h"

enum { OBSERVE_EVERY_MS = 1000 }; /* how old what is served may be */

struct server;

struct observe {
    json_t *settings; /* NULL: nothing is observed */
    const struct runtime *runtime;
    bool is_once;
    struct collect collect;
    struct health health;
    struct server *server;
    int64_t began_ms;     /* monotonic, as is the next */
    int64_t collected_ms; /* when the fleet was last looked at */
};

/* What config says of metrics. runtime is borrowed until observe_end. ERROR_CONFIG. */
bool observe_begin(struct observe *observe, const struct config *config,
                   const struct runtime *runtime, bool is_once, struct error *err);
/* The fleet is open, the first or in place of another: from now on observe_watch is
 * called. */
void observe_fleet(struct observe *observe, const struct fleet *fleet);
/* Looks at the fleet, for crew_plan; accepts what observes nothing. */
void observe_watch(struct observe *observe);
/* The run ended with status; its fleet is still open. Accepts an all-zero observe. */
void observe_end(struct observe *observe, int status);

#endif
