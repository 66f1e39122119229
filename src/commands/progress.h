/*
 * One line at the bottom of a terminal while sources are more than an hour behind: how
 * many are done, how fast it goes, and how long it will take.
 *
 *   catching up: 3 of 12 sources done, 1240 events/s, 18700 times real time, 3 min left
 */
#ifndef COMMANDS_PROGRESS_H
#define COMMANDS_PROGRESS_H

#include "bridge/fleet.h"

#include <stdio.h>

enum {
    PROGRESS_BEHIND_MS = 60 * 60 * 1000, /* so much behind is worth a line */
    PROGRESS_EVERY_MS = 500,
    PROGRESS_SAMPLES = 32, /* that is over how long rates are taken */
};

struct progress_sample {
    int64_t at_ms; /* monotonic */
    int64_t read_ms;
    uint64_t delivered;
};

struct progress {
    const struct fleet *fleet;
    FILE *out;
    int width;
    bool is_shown;
    int64_t *first_ms; /* of each source: its head when it was first seen; 0: not yet */
    size_t first_count;
    struct progress_sample samples[PROGRESS_SAMPLES];
    size_t sample_count; /* ever taken */
};

/*
 * out is a terminal. Until progress_end nothing else may be written there but the log.
 */
void progress_begin(struct progress *progress, const struct fleet *fleet, FILE *out);
/* Draws the line, or removes it; no more than every PROGRESS_EVERY_MS. For crew_plan. */
void progress_watch(void *progress);
/* Removes the line. An all-zero progress is accepted. */
void progress_end(struct progress *progress);

#endif
