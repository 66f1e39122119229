/*
 * The insides of JSON strings: text into one, and one into one that every reader
 * takes. The caller has made the room; each returns where the output ends.
 */
#ifndef EVENT_ESCAPE_H
#define EVENT_ESCAPE_H

#include "base/bytes.h"

enum { ESCAPE_MAX = 6 }; /* \u001f: the most that one byte becomes */

/*
 * Writes text as the inside of a JSON string. Needs room for escape_count bytes, and
 * a word behind them.
 */
uint8_t *escape_text(uint8_t *at, struct bytes text);
/* How many bytes escape_text writes; at most ESCAPE_MAX * text.size. */
size_t escape_count(struct bytes text);

/*
 * Copies JSON, or the inside of a JSON string. Escapes are kept, but \u0000 and lone
 * surrogates, which many readers refuse, become \ufffd. Needs text.size bytes of room.
 */
uint8_t *escape_mend(uint8_t *at, struct bytes text);

/* How many bytes of inside fit in limit with no character or escape cut apart. */
size_t escape_fit(struct bytes inside, size_t limit);

#endif
