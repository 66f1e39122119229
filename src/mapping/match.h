/*
 * The steps of mapping_match, for those who explain it.
 */
#ifndef MAPPING_MATCH_H
#define MAPPING_MATCH_H

#include "mapping/compiled.h"

/* Makes match ready for records of mapping. */
void match_prepare(struct match *match, const struct mapping *mapping);

/* The service that a record names, or NULL when no rule does. */
const struct service *match_service(const struct mapping *mapping,
                                    const struct values *values, struct match *match);
/*
 * What is to be tried on the record's operation; NULL when no rule names it. The
 * operation's name as rules know it is left in *name until match is used again.
 */
const struct plan *match_plan(const struct mapping *mapping,
                              const struct service *service, const struct values *values,
                              struct match *match, struct bytes *name);
/* Scans record for what plan wants. */
void match_scan(const struct plan *plan, const struct record *record,
                struct match *match);

/* The values that slot lies in, and where: *at. */
static inline const struct values *
match_values(const struct values *values, const struct match *match, int slot, size_t *at)
{
    *at = (size_t)(slot & ~SLOT_DETAIL);
    return (slot & SLOT_DETAIL) != 0 ? &match->detail : values;
}

#endif
