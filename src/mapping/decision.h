/*
 * Which operations were judged to answer no principle, and why: the `no_principle:`
 * entries of packs (docs/mappings.md).
 *
 *   pack: aws-glue
 *   records: aws-cloudtrail
 *   version: 2026.11.0
 *   no_principle:
 *     - class: job
 *       service: glue.amazonaws.com
 *       operations: [StartJobRun, BatchStopJobRun, StartCrawler*]
 *       why: work on data; the job itself is judged where it is made
 *
 * They change no event, so nothing that reads records loads them: they stand in the
 * directory no-principle/ below a directory of packs, and in files of their own.
 * `mappings coverage` and `lint` hold them against a catalogue, `explain` tells them.
 */
#ifndef MAPPING_DECISION_H
#define MAPPING_DECISION_H

#include "mapping/mapping.h"
#include "mapping/reader.h"

/* Why an operation answers none; one word each, in docs/mappings.md with examples. */
enum decision_class {
    DECISION_READ,          /* reads, searches, checks, dry runs */
    DECISION_DATA,          /* objects, messages, queries, rows, inference, content */
    DECISION_JOB,           /* work run on what exists: jobs, builds, scans, imports */
    DECISION_SIGNAL,        /* heartbeats, call-backs, status and findings reported */
    DECISION_SETTINGS,      /* what exists is modified: size, parameters, schedules */
    DECISION_PART,          /* a minor part of a managed service, no resource itself */
    DECISION_LABEL,         /* tags, names, descriptions, preferences */
    DECISION_COST,          /* money, quota, reservations, support, marketplace */
    DECISION_ORCHESTRATION, /* what it makes has events of its own */
    DECISION_ACCESS,        /* policy or ACL of one resource, no role or group */
    DECISION_STEP,          /* a step of a change whose own event carries the letter */
    DECISION_NOTIFICATION,  /* who is told of what: contacts, subscriptions */
    DECISION_COUNT,
};

extern const char *const decision_names[DECISION_COUNT]; /* "read", "data", ... */

struct decision {
    const char *file;
    struct yaml_place place;
    const struct record_shape *shape;
    enum decision_class class;
    const char *why;         /* NULL: the class says enough */
    struct texts services;   /* one empty text where the shape's rules name none */
    struct texts operations; /* '*' stands for any characters; then one service only */
};

struct decisions; /* all that was loaded; owns every text in it */

/*
 * Loads the no_principle entries of DIR/no-principle/NAME.yaml for each of directories;
 * a directory without that folder has none. only: the records wanted; NULL: all. Every
 * mistake is added to problems; false when there was one.
 */
bool decisions_load(const char *const *directories,
                    const struct record_shape *const *shapes,
                    const struct record_shape *only, struct decisions **decisions,
                    struct problems *problems);
void decisions_free(struct decisions *decisions);

/* All of them in file order, for walking; *count is how many. Borrowed. */
const struct decision *decisions_all(const struct decisions *decisions, size_t *count);

/*
 * The decision on an operation as a record of shape names it (its case and versions as
 * they come), or NULL: nobody decided. Names in full come before globs.
 */
const struct decision *decisions_find(const struct decisions *decisions,
                                      const struct record_shape *shape,
                                      struct bytes service, struct bytes operation);

#endif
