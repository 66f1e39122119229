/*
 * What must be so in a record before a rule may match: one path, one question.
 *
 *   requestParameters.groupSet: {exists: true}
 *   readOnly: true                         # equal to the text
 *   errorCode: [AccessDenied, Client.UnauthorizedOperation]
 *   userAgent: {glob: 'aws-cli*'}
 *   userIdentity.type: {not: Root}
 *
 * What is compared is a string's unescaped text, or a number or boolean as it
 * stands in the record; null counts as absent. Where a path finds several values,
 * one that answers is enough; {not: ...} holds when none does.
 */
#ifndef MAPPING_CONDITION_H
#define MAPPING_CONDITION_H

#include "mapping/reader.h"
#include "record/scan.h"

enum condition_kind { CONDITION_EXISTS, CONDITION_ANY_OF, CONDITION_GLOB };

struct condition {
    const char *path;
    enum condition_kind kind;
    bool is_negated;
    struct texts texts; /* ANY_OF: each; GLOB: the one pattern */
};

struct conditions {
    const struct condition *items;
    size_t count;
};

/* Reads a `when:` mapping. What is wrong is left out, with a problem. */
struct conditions conditions_read(const struct reader *reader, const json_t *when);

/*
 * True when the values in slot answer condition. values may be NULL: nothing was
 * found. scratch is overwritten.
 */
bool condition_holds(const struct condition *condition, const struct values *values,
                     size_t slot, struct buf *scratch);

/*
 * The text of value as conditions see it: from the record, or unescaped into
 * scratch. False for absent values, null, objects and arrays.
 */
bool condition_text(const struct value *value, struct buf *scratch, struct bytes *text);

/* Appends condition in words: `is "a" or "b"`, `does not exist`. */
void condition_describe(const struct condition *condition, struct buf *out);

#endif
