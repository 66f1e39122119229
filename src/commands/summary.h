/*
 * What a run did, for a person and for the log.
 */
#ifndef COMMANDS_SUMMARY_H
#define COMMANDS_SUMMARY_H

#include "bridge/fleet.h"
#include "commands/rehearsal.h"

#include <stdio.h>

enum {
    SUMMARY_SOURCES = 20, /* of more, only those that went worst are shown: */
    SUMMARY_WORST = 10,
    SUMMARY_FAILURES = 5,
    SUMMARY_UNMAPPED = 10,
};

struct summary {
    const struct fleet *fleet;
    int64_t took_ms;
    int status;                             /* with which the program will end */
    const struct rehearsal_names *unmapped; /* of a dry run; else NULL */
};

/* "done", "failed", ... */
const char *summary_end(enum source_end end);
/*
 * One log line a source and a sink, then one for the run, with its sums by provider.
 */
void summary_log(const struct summary *summary);
/* The lines of sources that left the run with a reload. */
void summary_log_left(const struct fleet *before, const struct fleet *next);
/*
 * One screen: sources, events by principle, failures with what to do, and where to look
 * next.
 */
void summary_print(const struct summary *summary, FILE *out);

#endif
