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
    int64_t late_ms;     /* counts as the time of records that have none */
    int64_t observed_ms; /* when the page was read */
};

void page_reader_clear(struct page_reader *reader);

/*
 * Appends page's records to batch. reader's times are set by the caller: late_ms so
 * that the id of a record without a time is kept as long as its slice's.
 */
bool page_map(struct page_reader *reader, struct source *source, const struct page *page,
              struct batch *batch, struct error *err);

#endif
