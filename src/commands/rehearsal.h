/*
 * `run --dry-run`: the same line as ever, over a store that forgets (store/overlay.h) and
 * into sinks that take everything and send nothing. So what it counts is what the next
 * `run --once` would deliver, but for what a sink would refuse.
 */
#ifndef COMMANDS_REHEARSAL_H
#define COMMANDS_REHEARSAL_H

#include "bridge/fleet.h"

/* Puts sinks that send nothing in place of config's: before the fleet is opened. */
void rehearsal_prepare(struct config *config);

/* An operation that no rule names. */
struct rehearsal_name {
    char *name; /* "ec2.amazonaws.com DescribeVolumes" */
    uint64_t count;
};

struct rehearsal_names {
    struct rehearsal_name *items; /* most frequent first */
    size_t count;
};

/* What would have been delivered without a principle, of a fleet that has run. */
void rehearsal_unmapped(const struct fleet *fleet, struct rehearsal_names *names);
void rehearsal_names_clear(struct rehearsal_names *names);

#endif
