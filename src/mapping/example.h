/*
 * The examples that rules carry (docs/mappings.md): a small record, and what it must
 * come to. They are read only where they are tried: nothing that reads records from a
 * cloud loads them.
 *
 *   examples:
 *     - record: {requestParameters: {userName: alice, groupName: admins}}
 *       principles: [2b]                       # without it: the rule's own
 *       fields: {user.target.name: alice}      # these, among others
 *     - record: {requestParameters: {dryRun: true}}
 *       matches: false                         # this rule must not match
 */
#ifndef MAPPING_EXAMPLE_H
#define MAPPING_EXAMPLE_H

#include "mapping/mapping.h"
#include "mapping/reader.h"

struct example_field {
    size_t field; /* index in fields */
    struct texts values;
};

struct example {
    const char *rule; /* its id */
    const char *file;
    struct yaml_place place;
    const struct record_shape *shape;
    const char *record;     /* JSON, with the rule's first service and operation */
    bool matches;           /* the rule must match; false: it must not */
    bool has_principles;    /* principles are all that the record comes to */
    uint32_t principles;    /* bits of config/principle.h; the rule's own by default */
    const char *outcome;    /* "success", ...; NULL: any */
    const char *tamper;     /* "true" or "false"; NULL: any */
    const char *privileged; /* "true", "false" or "unknown"; NULL: any */
    const struct example_field *expected; /* fields and all their values */
    size_t expected_count;
};

struct examples; /* all that was loaded; owns every text in it */

/*
 * Loads the examples in the packs of directories (ends with NULL), in file order. only:
 * the records wanted; NULL: all. The packs themselves were loaded before without a
 * problem (mapping_load). Every mistake is added to problems; false when there was one.
 */
bool examples_load(const char *const *directories,
                   const struct record_shape *const *shapes,
                   const struct record_shape *only, struct examples **examples,
                   struct problems *problems);
void examples_free(struct examples *examples);

/* All of them, for walking; *count is how many. Borrowed. */
const struct example *examples_all(const struct examples *examples, size_t *count);

/*
 * Tries example with the mapping of its shape. False when it comes to something else;
 * what, is appended to told: "rule \"x\" does not match; ...".
 */
bool example_try(const struct example *example, const struct mapping *mapping,
                 struct buf *told);

#endif
