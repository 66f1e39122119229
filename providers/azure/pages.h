/*
 * The walk through one slice of a log whose pages are tied by nextLinks: Azure's Activity
 * Log and the logs of Microsoft Graph.
 *
 * A nextLink is good only in this process and for a short time; order is not to be
 * relied on. So the place says only which page was settled last:
 *
 *   {"page": 7}
 *
 * Whoever has it and not the nextLink behind that very page reads the slice from its
 * start, and the store drops what it knows. A walk that broke off far in, that comes to a
 * nextLink or a page again, or that has more pages than one turn can read is
 * ERROR_TOO_BIG: half of the slice is asked for instead.
 */
#ifndef AZURE_PAGES_H
#define AZURE_PAGES_H

#include "azure/api.h"
#include "base/digest.h"

enum { PAGES_MAX = 60, PAGES_LATE = 10 };

/* The log that is walked through, as its provider knows it. */
struct pages_log {
    const struct record_shape *shape;
    const char *link_key; /* "nextLink" */
    const char *path;     /* of the request; the caller's, as denied is */
    const char *filter;   /* what follows '?', with {} for either end of the slice */
    const char *denied;   /* as api_call's */
};

struct pages {
    struct api api;
    struct pages_log log;
    struct slice slice;
    char *link; /* what to ask for behind page; NULL: the slice's start */
    int64_t page;
    int restarts;                             /* of this slice, because a link died */
    uint8_t seen[2 * PAGES_MAX][DIGEST_SIZE]; /* links and pages of this walk */
    size_t seen_count;
};

/* Of its api, too. */
void pages_clear(struct pages *pages);

/* One page, as provider.poll gives it. */
bool pages_poll(struct pages *pages, const struct slice *slice, const json_t *place,
                struct page *page, struct error *err);

#endif
