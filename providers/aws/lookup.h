/*
 * What LookupEvents is asked and what it answers:
 *
 *   {"StartTime":1735689600,"EndTime":1735693200,"MaxResults":50,"NextToken":"..."}
 *
 *   {"Events":[{"EventId":"...","EventTime":1735693199.0,"Resources":[...],
 *     "CloudTrailEvent":"{\"eventVersion\":\"1.11\",...}"}],"NextToken":"..."}
 *
 * The audit record is the JSON inside the string CloudTrailEvent; Resources, which
 * CloudTrail adds and the record lacks, become its context. An event without
 * CloudTrailEvent is not lost: its envelope is the record.
 *
 * Errors: ERROR_DATA for an answer that is not this, truncated ones included.
 */
#ifndef AWS_LOOKUP_H
#define AWS_LOOKUP_H

#include "aws/walk.h"
#include "record/scan.h"

struct lookup; /* the compiled paths into an answer, and room to read it */

struct lookup *lookup_new(void);
void lookup_free(struct lookup *lookup);

/* Appends the request that walk asks next. */
void lookup_write(const struct walk *walk, struct buf *out);
/*
 * Splits page->body into page's records. *token is the caller's; NULL on the last
 * page. An event without a time gets fallback_ms.
 */
bool lookup_read(struct lookup *lookup, struct page *page, int64_t fallback_ms,
                 char **token, struct error *err);

#endif
