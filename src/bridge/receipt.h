/*
 * From the ledger to receipts: what of a source was delivered, hour by hour, so that
 * the platform can prove that it stored all of it by counting (docs/operations.md).
 *
 * A receipt is of one hour, from inclusive and to exclusive, in the time that the API
 * filters on. Hours without an event that follow each other are one receipt. An hour of
 * which a sink refused events has a receipt for each sink instead of one for all.
 */
#ifndef BRIDGE_RECEIPT_H
#define BRIDGE_RECEIPT_H

#include "store/ledger.h"

struct receipt {
    int64_t from_ms;
    int64_t to_ms;
    struct store_tally settled; /* count and id sum */
    struct store_tally refused; /* of these, what sink refused */
    const char *sink;           /* NULL: it is for every sink. Borrowed */
    bool is_complete;           /* no gap touches it: every pass has read it */
};

struct receipts {
    struct receipt *items;
    size_t count;
};

/* What receipts are wanted of: to is the end of an hour. */
struct receipt_scope {
    int64_t from_ms;
    int64_t to_ms;
    const char *const *sinks;
    size_t sink_count;
};

/* receipts arrives zeroed and borrows scope's sinks; the caller frees its items. */
void receipt_list(const struct store_ledger *ledger, const struct receipt_scope *scope,
                  struct receipts *receipts);

/* The members of moj.bridge; the caller owns them. */
json_t *receipt_details(const struct receipt *receipt, const struct slicing *slicing);

#endif
