/*
 * Finds where something broken seems to end, by strings and brackets alone, over
 * as many pieces as it takes. Private to record/.
 */
#ifndef RECORD_BROKEN_H
#define RECORD_BROKEN_H

#include "base/bytes.h"

/* All zero at the first byte of the broken value. */
struct broken {
    size_t depth;
    bool in_string;
    bool in_escape;
    bool after_newline;
};

/*
 * Follows piece. True when the end was found, *used bytes into it: behind the
 * bracket that closes the value, or, where a string runs over the end of its line
 * and the next begins with '{', at that bracket: what was torn there starts anew.
 * *used is piece.size when false.
 */
bool broken_follow(struct broken *broken, struct bytes piece, size_t *used);

#endif
