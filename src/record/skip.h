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

#endif
