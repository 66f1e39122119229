/*
 * The parts of `state`, each with the store open and its arguments read.
 */
#ifndef COMMANDS_STATE_H
#define COMMANDS_STATE_H

#include "commands/options.h"
#include "commands/roster.h"

struct state_request {
    struct hands *hands;
    struct roster roster; /* as it was at the start */
    struct arguments names;
    const char *config;
    const char *format;
    int64_t to_ms; /* INT64_MIN: not given */
    bool is_skip;
    bool is_agreed;
};

/* Each returns the status to end with. */
int state_show(struct state_request *request);
int state_export(struct state_request *request);
int state_import(struct state_request *request);
int state_reset(struct state_request *request);
int state_retire(struct state_request *request);

#endif
