/*
 * Small packs and invented record shapes for the tests of mapping/: a record goes in as
 * text, and what it came to comes out as one line.
 */
#ifndef UNIT_MAPPING_WORLD_H
#define UNIT_MAPPING_WORLD_H

#include "mapping/mapping.h"

/* service, op, error, ...: a service and an operation, with dates cut off. */
extern const struct record_shape shape_plain;
/* No service, and operations in any case. */
extern const struct record_shape shape_folded;
extern const struct record_shape *const all_shapes[]; /* ends with NULL */

/* Loads packs/NAME for each name, which "+" joins; prints what is wrong. */
bool load_packs(const char *names, struct mapping_set **set, struct problems *problems);

/* A record as it was scanned with mapping's paths. */
struct scanned {
    const struct mapping *mapping;
    struct buf bytes;
    struct record record;
    struct values values;
};

/* Scans text, or fails the test. */
void scan_record(struct scanned *scanned, const struct mapping *mapping,
                 const char *text);
void scanned_clear(struct scanned *scanned);

/*
 * Appends what match holds: rules, principles, outcome, fields with all their values:
 * "group-create | 2a | success | group.name=a moj.member.name=b,c".
 */
void show_match(const struct match *match, struct buf *out);

/*
 * Fails the test unless the file at path holds told, to the letter. With
 * BRIDGE_REGENERATE set, the file is written instead.
 */
void check_golden(const char *path, const char *told);

#endif
