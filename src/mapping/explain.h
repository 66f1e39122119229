/*
 * Why a record got its principles: each rule that matched, and each that nearly
 * did with the condition that failed; where none matched, who decided that.
 */
#ifndef MAPPING_EXPLAIN_H
#define MAPPING_EXPLAIN_H

#include "mapping/decision.h"

/*
 * Appends the explanation of one record to out, as text for a terminal. decisions may be
 * NULL: then nothing is said of them.
 */
void explain_record(const struct mapping *mapping, const struct decisions *decisions,
                    const struct record *record, const struct values *values,
                    struct buf *out);

#endif
