/*
 * Passes over one JSON value, strictly: the scanner's way through everything
 * that nobody wants. Private to record/.
 */
#ifndef RECORD_SKIP_H
#define RECORD_SKIP_H

#include "record/token.h"

/*
 * From the first byte of a value to behind its last, or NULL as token.h says.
 * depth is how many containers are open around it.
 */
const uint8_t *skip_value(struct reader *reader, const uint8_t *at, unsigned depth);

/* From where a member begins to where its value does. Sets *is_escaped or leaves it. */
static inline const uint8_t *skip_key(struct reader *reader, const uint8_t *at,
                                      struct bytes *key, bool *is_escaped)
{
    if (*at != '"') {
        return token_fail(reader, at);
    }
    const uint8_t *quote = token_string(reader, at + 1, is_escaped);
    if (quote == NULL) {
        return NULL;
    }
    *key = (struct bytes){at + 1, (size_t)(quote - at - 1)};
    at = token_space_to(reader, quote + 1, ':');
    if (*at != ':') {
        return token_fail(reader, at);
    }
    return token_space(reader, at + 1);
}

#endif
