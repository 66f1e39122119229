/*
 * Why a record got its principles: each rule that matched, and each that nearly
 * did with the condition that failed.
 */
#ifndef MAPPING_EXPLAIN_H
#define MAPPING_EXPLAIN_H

#include "mapping/mapping.h"

/* Appends the explanation of one record to out, as text for a terminal. */
void explain_record(const struct mapping *mapping, const struct record *record,
                    const struct values *values, struct buf *out);

#endif
