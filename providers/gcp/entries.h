/*
 * A walk through one slice of Cloud Logging's entries.list:
 *
 *   POST /v2/entries:list
 *   {"resourceNames":["projects/p1"],"filter":"...","orderBy":"timestamp asc",
 *    "pageSize":1000,"pageToken":"..."}
 *
 * Pages come in the order of timestamp, while a slice is one of receiveTimestamp: only
 * the last page ends anything. An empty page with a token is not the end. The place is
 *
 *   {"token": "...", "since": 1790000000000, "filter": "5f2c...", "size": 1000}
 *
 * since: when the walk began, because tokens die after a day; filter: a digest of the
 * request, to which alone the token belongs. Where any of these no longer fits, or the
 * service refuses the token, the slice is read from its start; the store drops what it
 * knows. A page that is too big is asked for again in smaller ones, from the start, too.
 */
#ifndef GCP_ENTRIES_H
#define GCP_ENTRIES_H

#include "gcp/google.h"

struct entries {
    struct google google;
    const json_t *settings; /* borrowed, as resources is */
    const json_t *resources;
    int64_t late_ms;
    int page_size; /* 0: the most there is */
};

void entries_clear(struct entries *entries);

/* One page, as provider.poll gives it. */
bool entries_poll(struct entries *entries, const struct slice *slice, const json_t *place,
                  struct page *page, struct error *err);

#endif
