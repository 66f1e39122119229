/*
 * A mapping as records are matched against it. Built by compile.c, read by
 * match.c and explain.c, never changed in between; all of it lives in the arena
 * of its set, but for the tries.
 */
#ifndef MAPPING_COMPILED_H
#define MAPPING_COMPILED_H

#include "base/digest.h"
#include "mapping/changes.h"
#include "mapping/lookup.h"
#include "mapping/pack.h"
#include "mapping/privileged.h"

/* Where a value is found: a slot of the first scan, or of the plan's own. */
enum { SLOT_DETAIL = 1 << 30, SLOT_NONE = -1 };

/* Where the shape's own values are found: slots of the first scan, in order. */
struct shape_pick {
    int slots[RECORD_SPELLINGS]; /* SLOT_NONE: no more */
};

/* Where single changes are found in a record, and what in each of them. */
struct change_picks {
    int lists[RECORD_CHANGE_LISTS]; /* slots of the first scan, or SLOT_NONE */
    int member;
    struct paths *paths; /* of an element; NULL: records of this shape list none */
    struct change_slots slots;
};

/* A rule that may match; patterns is empty where its operation is certain. */
struct candidate {
    const struct pack_rule *rule;
    const int *slots; /* of the rule's when, then of its fields, path by path */
    struct texts patterns;
};

/* What is to be tried on a record of one operation. */
struct plan {
    struct paths *paths; /* the second scan's; NULL: not needed */
    struct candidate *candidates;
    size_t count;
    struct plan *next; /* of the mapping */
    struct plan *same; /* the next that begins with the same rule */
};

/* An operation of a service that rules name in full. */
struct operation {
    const char *name;
    struct candidate *candidates;
    size_t count;
    const struct plan *plan;
    struct operation *next; /* of the service */
};

struct service {
    const char *name;
    struct lookup by_name;
    size_t name_room; /* how many names its rules have, repeats among them */
    struct operation *operations;
    struct candidate *globs; /* rules with a '*' in an operation */
    size_t glob_count;
    const struct plan *plan; /* for operations that no rule names; NULL: none */
    struct service *next;    /* of the mapping */
};

/* A field that every record of the shape has, and where it may come from. */
struct field_pick {
    size_t field;
    const int *slots;
    size_t count;
};

struct outcome_pick {
    const struct pack_outcome *outcome;
    const int *slots;
};

struct mapping {
    const struct record_shape *shape;
    struct paths *paths;
    struct lookup base_slots;
    struct shape_pick id_parts[RECORD_ID_PARTS];
    struct shape_pick time;
    struct shape_pick service;
    struct shape_pick operation;
    struct shape_pick account;
    struct shape_pick region;
    struct shape_pick actors[RECORD_ACTORS];
    struct shape_pick first;
    struct shape_pick last;
    struct change_picks changes;
    struct field_pick *fields;
    size_t field_count;
    struct outcome_pick *outcomes;
    size_t outcome_count;
    struct privileged_lists privileged;
    uint32_t role_principles; /* whose events privileged is about */
    struct pack_rule **rules; /* in order; replaced ones are left out */
    size_t rule_count;
    struct lookup by_service;
    struct service *services;
    struct plan *plans;
    const char *versions;
    char hash[DIGEST_HEX_SIZE];
};

struct mapping_set {
    struct arena arena;
    struct mapping *mappings;
    size_t count;
};

/*
 * Compiles packs, those for mapping->shape, in order. What makes no sense
 * between rules or packs is a problem. mapping arrives zeroed but for its shape.
 */
void mapping_compile(struct mapping *mapping, const struct pack *const *packs,
                     size_t pack_count, struct arena *arena, struct problems *problems);

/* The slot of a path that every record is scanned for, or SLOT_NONE. */
int mapping_base_slot(const struct mapping *mapping, const char *path);

/*
 * Which rules are to be tried on which operation of mapping's services (service.h). Too
 * many rules for one operation are a problem.
 */
void plan_all(struct mapping *mapping, struct arena *arena, struct problems *problems);
/* Frees the tries of plan and those after it. */
void plan_free(struct plan *plan);
/* True when name is one that candidate's patterns, if it has any, match. */
bool plan_is_named(const struct candidate *candidate, struct bytes name);

#endif
