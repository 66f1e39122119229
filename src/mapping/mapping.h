/*
 * Which events answer which principle: mapping packs, loaded, checked and
 * compiled.
 *
 * A pack is a YAML file (docs/mappings.md; schema docs/schemas/pack.schema.json). Packs
 * come from directories in order; a later one may add rules for the same
 * records, and may replace a rule only by saying `replaces: ID`.
 *
 * Matching is a hash on (service, operation), then the globs of that service.
 * Every rule that matches contributes its principles; of the fields, a rule's
 * own come before the pack's, and the first rule in file order wins.
 */
#ifndef MAPPING_MAPPING_H
#define MAPPING_MAPPING_H

#include "base/error.h"
#include "base/problems.h"
#include "event/fields.h"
#include "mapping/changes.h"
#include "record/record.h"
#include "record/scan.h"

#include <jansson.h>

enum { MATCH_RULES_MAX = 16 };

enum event_outcome { OUTCOME_UNKNOWN, OUTCOME_SUCCESS, OUTCOME_FAILURE };

/* What a rule's `change:` may say; event.type follows from it. */
enum change {
    CHANGE_NONE,
    CHANGE_CREATE,
    CHANGE_MODIFY,
    CHANGE_DELETE,
    CHANGE_ADD, /* to a group, role or set */
    CHANGE_REMOVE,
    CHANGE_START, /* power, service or session */
    CHANGE_STOP,
    CHANGE_RESTART,
    CHANGE_COUNT,
};

extern const char *const change_names[CHANGE_COUNT]; /* "none", "create", ... */

/* Whether an event of principle 2 is about a role or group that makes administrators. */
enum privileged {
    PRIVILEGED_NONE, /* an event of other principles, a rule that does not say */
    PRIVILEGED_TRUE,
    PRIVILEGED_FALSE,
    PRIVILEGED_UNKNOWN, /* the event shows neither role nor group */
    PRIVILEGED_COUNT,
};

extern const char *const privileged_names[PRIVILEGED_COUNT]; /* "", "true", ... */

struct mapping;     /* every pack for one record shape, compiled */
struct mapping_set; /* the mappings of all shapes */

/* A rule as the envelope and explain see it. Strings belong to the mapping. */
struct rule {
    const char *id;
    const char *pack;
    const char *file;
    int line;
    uint32_t principles; /* bits of config/principle.h */
    const char *action;  /* moj.action; may be NULL */
    enum change change;
    const char *const *requirements; /* moj.requirements, ends with NULL; may be NULL */
    bool is_tamper;                  /* moj.tamper: the evidence itself is touched */
    enum privileged privileged;      /* what the lists of packs cannot tell */
};

/*
 * What a record came to. Values belong to the values given to mapping_match and
 * to the match itself, until its next use.
 */
struct match {
    const struct rule *rules[MATCH_RULES_MAX];
    size_t rule_count;
    uint32_t principles;
    enum event_outcome outcome;
    struct bytes service; /* as in the record; JSON string insides */
    struct bytes operation;
    const struct value *id_parts[RECORD_ID_PARTS]; /* NULL where absent */
    const struct value *time;
    const struct value *account;
    const struct value *region;
    const struct value *actors[RECORD_ACTORS]; /* NULL where absent */
    const struct value *first; /* of a long operation: NULL where absent */
    const struct value *last;
    struct changes changes;
    /* The first value of each field, or NULL; more behind it by values_next. */
    const struct value *fields[FIELD_COUNT];
    const struct values *field_values[FIELD_COUNT]; /* whose values those are */
    /* Private: what the second scan picked, for which mapping, and room for names. */
    struct values detail;
    const struct mapping *mapping;
    struct buf name;
    struct buf text;
};

/* Releases what match holds and zeroes it; before the mappings it was used with go. */
void match_clear(struct match *match);

/*
 * Loads every *.yaml of directories, in name order within each. Every mistake of
 * every pack is added to problems; false when there was one. shapes ends with NULL.
 */
bool mapping_load(const char *const *directories,
                  const struct record_shape *const *shapes, struct mapping_set **set,
                  struct problems *problems);
/* The same, of the packs for one of shapes alone; NULL: all. The others are not read. */
bool mapping_load_only(const char *const *directories,
                       const struct record_shape *const *shapes,
                       const struct record_shape *only, struct mapping_set **set,
                       struct problems *problems);
void mapping_set_free(struct mapping_set *set);

/* The mapping for a shape; one with no rules when no pack names it. Borrowed. */
const struct mapping *mapping_find(const struct mapping_set *set,
                                   const struct record_shape *shape);

/* What the first scan of every record must pick. Sealed; borrowed from mapping. */
const struct paths *mapping_paths(const struct mapping *mapping);
const struct record_shape *mapping_shape(const struct mapping *mapping);
/* "aws 2026.11.0" for each pack, and the SHA-256 in hex over their files' SHA-256. */
const char *mapping_versions(const struct mapping *mapping);
const char *mapping_hash(const struct mapping *mapping);

/*
 * Decides on one record. values come from a scan with mapping_paths. Records
 * with candidate rules are scanned a second time for what those rules alone want.
 */
void mapping_match(const struct mapping *mapping, const struct record *record,
                   const struct values *values, struct match *match);

/* For moj.privileged: what match, just made with mapping, says about administrators. */
enum privileged mapping_privileged(const struct mapping *mapping,
                                   const struct match *match);

#endif
