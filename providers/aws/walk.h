/*
 * A walk through one slice of CloudTrail's LookupEvents, newest event first.
 *
 * It asks for [start, end] with both ends frozen, because a token is good only for
 * the request that gave it, and only in this process. What survives is the place:
 *
 *   {"upto": 1735689600, "page": 7}
 *
 * upto is the oldest second seen. Whoever has the place and no token (a new process, a
 * token that AWS refused) asks for [start, upto] anew; the store drops what it reads
 * twice. page tells places of one second apart: a token is used only behind
 * the very page that gave it, or a page that was never settled could be skipped.
 *
 * When a page is newer than the one before, the order AWS promises does not hold:
 * upto goes back to the slice's end, and "disorder" in the place counts it.
 *
 * Without the events that only read, a slice is walked in several parts, one attribute
 * each, because LookupEvents takes one at a time:
 *
 *   {"part": "ReadOnly=false", "upto": 1735689600, "page": 7}
 *   {"part": "EventName=AssumeRole", "page": 7}
 *
 * The others are operations that give somebody a role or a session (principle 2c), which
 * CloudTrail counts as reading. A slice is done when its last part is: until then no mark
 * moves. A place of a part that this walk has not begins the slice again, from its first.
 */
#ifndef AWS_WALK_H
#define AWS_WALK_H

#include "provider.h"

enum { WALK_RESULTS_MAX = 50 }; /* the most LookupEvents gives a page */

struct walk {
    struct slice slice;
    char *token; /* NULL: ask from end_s */
    int64_t start_s;
    int64_t end_s;
    int64_t upto_s;
    int64_t newest_s; /* no later event may be newer than this */
    int64_t page;
    int64_t disorder;
    int max_results;
    bool has_parts; /* set before the first resume: only events that change something */
    size_t part;
};

void walk_clear(struct walk *walk);

/* Goes on behind place: by token where it can, else from place's upto. */
void walk_resume(struct walk *walk, const struct slice *slice, const json_t *place);
/*
 * Appends the request it asks next:
 *   {"StartTime":1735689600,"EndTime":1735693200,"MaxResults":50,"NextToken":"...",
 *    "LookupAttributes":[{"AttributeKey":"ReadOnly","AttributeValue":"false"}]}
 */
void walk_write(const struct walk *walk, struct buf *out);
/* Drops the token and asks again from place. False when there was no token. */
bool walk_restart(struct walk *walk, const json_t *place);
/* Asks for half as many events a page, from place. False at one. */
bool walk_shrink(struct walk *walk, const json_t *place);
/* Takes in page, whose records are set, and token (NULL: last); sets place, done. */
void walk_advance_take(struct walk *walk, struct page *page, char *token);

#endif
