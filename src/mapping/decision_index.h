/*
 * From an operation to the decision on it: a look-up for names in full, and behind it
 * the patterns of the operation's service in file order.
 */
#ifndef MAPPING_DECISION_INDEX_H
#define MAPPING_DECISION_INDEX_H

#include "mapping/decision.h"

/* One text of a decision's operations, and where it stands. */
struct decision_name {
    size_t number; /* of its decision, in file order */
    const char *file;
    struct yaml_place place;
    const char *pattern;        /* NULL: a name in full */
    struct decision_name *next; /* the service's next pattern */
};

struct decision_index {
    struct arena *arena;
    struct decision_shape *shapes; /* private */
};

/*
 * Adds the operation called text, or the pattern, of a service to index. What already
 * holds that name is returned and stays; NULL when it was new. Borrows name.
 */
const struct decision_name *decision_index_add(struct decision_index *index,
                                               const struct record_shape *shape,
                                               const char *service, const char *text,
                                               struct decision_name *name);

/* What holds operation, which is spelled as records spell it; or NULL. */
const struct decision_name *decision_index_find(const struct decision_index *index,
                                                const struct record_shape *shape,
                                                struct bytes service,
                                                struct bytes operation);

#endif
