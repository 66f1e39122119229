/*
 * The scanner's walk through a record or a whole document. Private to record/.
 */
#ifndef RECORD_WALK_H
#define RECORD_WALK_H

#include "record/record.h"
#include "record/scan.h"

/* What a document may be besides a record, and what it turned out to be. */
struct document {
    const struct record_wrapper *wrappers; /* RECORD_WRAPPERS of them */
    const struct record_wrapper *found;    /* NULL: a value without a wrapper's array */
    size_t bad; /* not SCAN_DONE: where it stopped being JSON */
};

/*
 * Like scan_value, but stops when the value is an object with an array that a
 * wrapper names: then document->found is that wrapper, *used leads behind the
 * array's bracket and values hold nothing of use. Borrows document.
 */
enum scan_status walk_document(const struct paths *paths, struct bytes input,
                               struct values *values, struct document *document,
                               size_t *used);

/* The wrapper whose array is called key, or NULL. */
const struct record_wrapper *walk_find_wrapper(const struct record_wrapper *wrappers,
                                               struct bytes key);

#endif
