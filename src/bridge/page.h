/*
 * From records to events: every record of a page is read strictly, mapped,
 * identified and written in each format that its sinks want.
 *
 * What is no record becomes a bridge.unreadable event: the platform is told, and
 * nothing is dropped in silence.
 */
#ifndef BRIDGE_PAGE_H
#define BRIDGE_PAGE_H

#include "bridge/source.h"

/* A worker's own memory for reading records; reused from page to page. */
struct page_reader {
    const struct mapping *mapping; /* the one that values has room for */
    struct values values;
    struct match match;
    struct buf id;
};

void page_reader_clear(struct page_reader *reader);

/*
 * Appends page's records to batch. A record without a readable time counts as of
 * late_ms, so that its id is kept as long as the slice's own.
 */
bool page_map(struct page_reader *reader, struct source *source, const struct page *page,
              int64_t late_ms, int64_t observed_ms, struct batch *batch,
              struct error *err);

#endif
