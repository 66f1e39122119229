/*
 * One mapping pack as it was written: read from its YAML and checked, not yet
 * compiled. Everything in it belongs to the arena it was read into.
 */
#ifndef MAPPING_PACK_H
#define MAPPING_PACK_H

#include "mapping/condition.h"
#include "mapping/mapping.h"

enum { PACK_OPERATION_SIZE_MAX = 256 };

struct pack_field {
    size_t field; /* index in fields */
    struct texts paths;
};

struct pack_fields {
    struct pack_field *items;
    size_t count;
};

struct pack_outcome {
    enum event_outcome is;
    struct conditions when;
    bool is_always; /* there is no when */
    struct yaml_place place;
};

struct pack_rule {
    struct rule rule; /* what others see of it */
    const char *why;
    const char *replaces; /* NULL: nothing */
    struct yaml_place place;
    struct texts services; /* one empty text where the shape has none */
    struct texts operations;
    struct conditions when;
    struct pack_fields fields;
    size_t path_count; /* of when, then of fields */
    size_t order;      /* among all rules of the shape */
    bool is_replaced;
};

/* Roles and groups that make an administrator: names, or patterns with '*'. */
struct pack_privileged {
    struct texts roles;
    struct texts groups;
};

struct pack {
    const char *file;
    const char *name;    /* NULL: missing or wrong, a problem was added */
    const char *version; /* NULL likewise */
    const struct record_shape *shape;
    struct yaml_place place;
    struct pack_fields fields;
    struct pack_privileged privileged;
    struct pack_outcome *outcomes;
    size_t outcome_count;
    struct pack_rule *rules;
    size_t rule_count;
};

/* Reads the pack in yaml. Every mistake becomes a problem. shapes ends with NULL. */
void pack_read(const struct yaml *yaml, const struct record_shape *const *shapes,
               struct arena *arena, struct pack *pack, struct problems *problems);

/* Reads what every file begins with: pack, records, version and description. */
void pack_read_head(const struct reader *reader, const struct record_shape *const *shapes,
                    struct pack *pack);
/*
 * A pack may be several files: when pack and other have one name but not one version,
 * that is a problem of pack's file.
 */
void pack_check_version(const struct pack *pack, const struct pack *other,
                        struct problems *problems);

/* Reads a `fields:` mapping; NULL is none. */
struct pack_fields pack_fields_read(const struct reader *reader, const json_t *object);

/*
 * Reads the `service:` of a rule or decision of pack, whose shape is known by then: one
 * empty text where records name none.
 */
struct texts pack_services_read(const struct reader *reader, const json_t *object,
                                const struct pack *pack);

/* The field called name, a key of object; FIELD_COUNT, with a problem, when there is
 * none.
 */
size_t pack_field_find(const struct reader *reader, const json_t *object,
                       const char *name);
/* Reads a list of principles into bits; NULL is none. */
uint32_t pack_principles_read(const struct reader *reader, const json_t *list);

/* Reads one rule of pack, whose name and shape are known by then. */
void pack_rule_read(const struct reader *reader, const json_t *object,
                    const struct pack *pack, struct pack_rule *rule);

#endif
