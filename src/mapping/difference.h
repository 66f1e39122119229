/*
 * What one version of the packs says otherwise than another: rules by their id, and
 * operations by what they come to.
 */
#ifndef MAPPING_DIFFERENCE_H
#define MAPPING_DIFFERENCE_H

#include "mapping/catalogue.h"
#include "mapping/verdict.h"

struct difference_rule {
    char sign;                    /* '+' added, '-' removed, '~' changed */
    const struct pack_rule *rule; /* the new one, where there is one */
};

struct difference_operation {
    const char *service; /* "" where rules name none */
    const char *operation;
    struct verdict old;
    struct verdict new;
};

struct difference {
    struct difference_rule *rules; /* by id */
    size_t rule_count;
    struct difference_operation *operations; /* by service, then operation */
    size_t operation_count;
    struct arena arena; /* private: names */
};

/*
 * Compares packs for the same records. Operations are those that rules or decisions name
 * in full, and those of catalogue, which may be NULL. A rule has changed when it answers
 * other principles, operations or conditions, or has another action or change. The
 * caller clears; difference borrows from all three.
 */
void difference_find(struct difference *difference, const struct verdict_packs *old,
                     const struct verdict_packs *new, const struct catalogue *catalogue);
void difference_clear(struct difference *difference);

#endif
