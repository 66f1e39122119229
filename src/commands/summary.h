/*
 * What a run did, for a person and for the log.
 */
#ifndef COMMANDS_SUMMARY_H
#define COMMANDS_SUMMARY_H

#include "bridge/fleet.h"

#include <stdio.h>

/* One log line a source, then one for the run. */
void summary_log(const struct fleet *fleet);
/* A table of sources, and of delivered events by principle. */
void summary_print(const struct fleet *fleet, FILE *out);

#endif
