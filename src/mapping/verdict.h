/*
 * What packs say about an operation before any record of it is seen.
 */
#ifndef MAPPING_VERDICT_H
#define MAPPING_VERDICT_H

#include "mapping/compiled.h"
#include "mapping/decision.h"

enum verdict_kind {
    VERDICT_UNDECIDED,
    VERDICT_MAPPED,      /* a rule with principles always matches */
    VERDICT_CONDITIONAL, /* such rules match where their conditions hold */
    VERDICT_NONE,        /* judged to answer no principle */
    VERDICT_COUNT,
};

struct verdict {
    enum verdict_kind kind;
    uint32_t principles;             /* of every rule that names it */
    uint32_t certain;                /* of those without conditions */
    const struct pack_rule *rule;    /* the first of them; NULL: none */
    const struct decision *decision; /* NULL: none; a rule may stand beside it */
};

/* Packs as verdicts need them. */
struct verdict_packs {
    const struct mapping *mapping;
    const struct decisions *decisions;
};

/*
 * The verdict on an operation; service and operation are as rules know them. A rule
 * without principles says nothing here: that takes a decision.
 */
struct verdict verdict_find(const struct verdict_packs *packs, const char *service,
                            const char *operation);

/* What is tried on records of that operation, or NULL. */
const struct plan *verdict_plan(const struct mapping *mapping, const char *service,
                                const char *operation);
/* True when records of the mapping's shape name a service that rules go by. */
bool verdict_has_services(const struct record_shape *shape);

#endif
