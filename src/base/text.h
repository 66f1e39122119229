/*
 * Small questions about text that came from outside.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

/*
 * Length of the valid UTF-8 sequence at the start of bytes (RFC 3629: no
 * surrogates, no overlong forms, nothing past U+10FFFF); 0 when there is none.
 */
size_t text_utf8_length(struct bytes bytes);
bool text_is_utf8(struct bytes bytes);

/*
 * Replaces in place every byte that would confuse a terminal or a log: control
 * characters, DEL, C1 controls, marks of direction and broken UTF-8 become '?'.
 */
void text_make_printable(char *text);

/*
 * True when text matches pattern, in which '*' stands for any run of bytes and
 * every other byte for itself. Time is linear in text for each '*'.
 */
bool text_matches_glob(struct bytes text, struct bytes pattern);

/*
 * How many single-character edits turn left into right: used to suggest the
 * nearest known word. Stops counting above limit and returns limit + 1.
 */
size_t text_distance(const char *left, const char *right, size_t limit);

/* The candidate nearest to word, when near enough to be a slip; else NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
