/*
 * Turns one API answer, read whole, into the records of a page.
 *
 * Every element of the wrapper's array becomes a record, in order: an element that
 * is broken or no record is added as it is, for the mapping to set aside, so that
 * one bad event cannot hold up its source. Members beside the array may come before
 * and after it.
 *
 * Errors: ERROR_DATA when the answer itself is cut off, not JSON, not an object or
 * without the array; page is then as it was.
 */
#ifndef RECORD_ANSWER_H
#define RECORD_ANSWER_H

#include "base/error.h"
#include "record/record.h"

struct page;

/* A top-level member that the caller wants to know, such as "NextToken". */
struct answer_text {
    const char *key;
    char *text; /* out: the string, the caller's to free; NULL: none, or no string */
};

/*
 * Adds the records of page->body, which is then not to change, with each one's time
 * at shape->slice_path, else time_path; INT64_MIN where none can be read. Fills texts.
 */
bool answer_split(const struct record_shape *shape, struct answer_text *texts,
                  size_t text_count, struct page *page, struct error *err);

#endif
