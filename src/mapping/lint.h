/*
 * What in packs has no effect, contradicts itself or names what does not exist. Packs
 * with such rules load and work; each finding is added to a list of problems.
 */
#ifndef MAPPING_LINT_H
#define MAPPING_LINT_H

#include "mapping/catalogue.h"
#include "mapping/verdict.h"

/*
 * Rules that change nothing, fields that are never used, conditions that cannot hold
 * together, rules that one rule could say, and operations that are both mapped and
 * judged to answer no principle, by their names in full.
 */
void lint_rules(const struct verdict_packs *packs, struct problems *findings);

/* True when the conditions of rule can never hold together; why is appended to told. */
bool lint_contradicts(const struct pack_rule *rule, const struct record_shape *shape,
                      struct buf *told);

/*
 * Services, operations and patterns that are not in catalogue, with the nearest name
 * that is; patterns that reach over several services; operations that patterns both map
 * and judge to answer no principle.
 */
void lint_names(const struct verdict_packs *packs, const struct catalogue *catalogue,
                struct problems *findings);

/* Words of actions, over all packs, that look like another one misspelt. */
void lint_words(const struct mapping_set *set, struct problems *findings);

#endif
