/*
 * Elements that hold a record as a string (struct record_wrapper), and the words
 * for what is wrong with something that should be a record. Private to record/.
 */
#ifndef RECORD_ENVELOPE_H
#define RECORD_ENVELOPE_H

#include "record/record.h"
#include "record/scan.h"

extern const char record_no_json[];
extern const char record_cut_off[];
extern const char record_too_long[];
extern const char record_no_object[];
extern const char record_no_record[];

/* How the elements of one wrapper are opened. */
struct envelope {
    struct paths *paths;  /* what of an element to scan; NULL: it is the record itself */
    struct values values; /* what the last scan of an element picked */
    size_t string_slot;
    size_t context_slot; /* SIZE_MAX: none */
};

void envelope_init(struct envelope *envelope, const struct record_wrapper *wrapper);
void envelope_clear(struct envelope *envelope);

/* The inside of the scanned element's string; empty when it has none. */
struct bytes envelope_string(const struct envelope *envelope);
/* The scanned element's context; empty when it has none. */
struct bytes envelope_context(const struct envelope *envelope);

/*
 * Opens the element that was scanned into envelope->values: unescapes its record to
 * decoded and scans it for paths. Returns NULL, or why it is no record. *record is
 * borrowed from decoded and the element.
 */
const char *envelope_open(const struct envelope *envelope, const struct paths *paths,
                          struct values *values, struct buf *decoded,
                          struct record *record);

#endif
