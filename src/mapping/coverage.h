/*
 * How much of what can happen the packs decide on: a verdict for each write of a
 * catalogue, in services that are in scope, and the sums of them.
 */
#ifndef MAPPING_COVERAGE_H
#define MAPPING_COVERAGE_H

#include "config/principle.h"
#include "mapping/catalogue.h"
#include "mapping/verdict.h"

struct coverage_item {
    const struct catalogue_operation *operation;
    struct verdict verdict;
};

struct coverage_service {
    const struct catalogue_service *service;
    size_t counts[VERDICT_COUNT];
    size_t first; /* of its items */
    size_t count;
};

struct coverage_letter {
    size_t mapped;
    size_t conditional;
};

struct coverage {
    struct coverage_service *services; /* by name, those in scope */
    size_t service_count;
    size_t left_out; /* services that no pack names, where no scope said which count */
    struct coverage_item *items; /* by service, then by operation */
    size_t count;
    size_t counts[VERDICT_COUNT];
    struct coverage_letter letters[PRINCIPLE_COUNT]; /* an item may have several */
    size_t classes[DECISION_COUNT];
};

/*
 * Fills coverage, which the caller clears; it borrows from packs and catalogue, which
 * is sorted. priority: services of a scope up to it count; 0: there is no scope, and
 * services that a pack names count.
 */
void coverage_fill(struct coverage *coverage, const struct verdict_packs *packs,
                   const struct catalogue *catalogue, int priority);
void coverage_clear(struct coverage *coverage);

/* Per mille of items that are decided, rounded down: 1000 only when all are. */
size_t coverage_permille(const size_t counts[VERDICT_COUNT]);

/*
 * Chooses up to count decided items, in order, the same ones for the same seed. Returns
 * how many; their places in items are then in places, which has room for count.
 */
size_t coverage_sample(const struct coverage *coverage, uint64_t seed, size_t count,
                       size_t *places);

#endif
