/*
 * Finds where something broken seems to end, over as many pieces as it takes.
 * Private to record/.
 */
#ifndef RECORD_BROKEN_H
#define RECORD_BROKEN_H

#include "base/bytes.h"

enum broken_end {
    BROKEN_BRACKETS, /* behind the bracket that closes the first one */
    BROKEN_ELEMENT,  /* before the comma or bracket that ends an array's element */
    BROKEN_LINE,     /* before the next newline */
    BROKEN_DOCUMENT, /* before the next line that begins with '{' */
};

/*
 * Zero but for end at the first broken byte. BROKEN_BRACKETS and _ELEMENT follow
 * strings and brackets; where a string runs over the end of its line and the next
 * begins with '{', a record was torn and another begins: they end there, too.
 */
struct broken {
    enum broken_end end;
    size_t depth;
    bool in_string;
    bool in_escape;
    bool after_newline;
    bool is_torn; /* ended at such a line */
};

/* Follows piece. True when the end was found; *used is how much of piece is before it. */
bool broken_follow(struct broken *broken, struct bytes piece, size_t *used);

#endif
