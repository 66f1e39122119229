/*
 * Asks many sources at once whether they answer.
 */
#ifndef COMMANDS_LIVE_SOURCE_H
#define COMMANDS_LIVE_SOURCE_H

#include "config/config.h"

enum { LIVE_SOURCE_THREADS = 16 };

/* A source to ask, and what came of it. */
struct live_source {
    const struct config_source *entry;
    char *name;
    json_t *settings;
    bool is_done;
    bool is_good;
    char *answer;     /* "ok  answered in 212 ms" */
    json_t *findings; /* of provider.examine, or NULL */
};

/*
 * Asks all of them, some at a time, each for one page of the last minute, and tells of
 * each as soon as it and those before it have answered.
 */
void live_source_ask(struct live_source *sources, size_t count,
                     void (*tell)(const struct live_source *source, void *context),
                     void *context);

#endif
