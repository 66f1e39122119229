/*
 * What there is to tell of one source: where it starts, that its configuration changed,
 * that it was denied, receipts of the hours that were sealed, and that it is looked at.
 *
 * Composed of where the store says it stands and what it says was told; nothing is kept
 * in memory, so a crash repeats a notice with the same id and loses none.
 */
#ifndef BRIDGE_TELLING_H
#define BRIDGE_TELLING_H

#include "bridge/dispatch.h"
#include "store/ledger.h"

/* A source as a run sees it at one moment. */
struct telling_source {
    const struct source *source; /* only what never changes is read */
    enum source_end end;
    const char *denied; /* why its cloud refuses us; NULL: it does not */
    int64_t now_ms;     /* its cloud's time */
};

struct telling {
    const struct telling_source *of;
    const struct store_standing *standing;
    struct store_told told; /* what will have been told afterwards */
};

/* Fills told. True when there is something to tell. */
bool telling_is_due(struct telling *telling);
/* Adds all but the receipts to dispatch. */
void telling_add_state(const struct telling *telling, struct dispatch *dispatch,
                       size_t owner);
/* True when there are hours to give receipts for: stretch names them. */
bool telling_has_receipts(const struct telling *telling, struct store_stretch *stretch);
/* Adds the receipts of stretch, of which ledger is. */
void telling_add_receipts(const struct telling *telling,
                          const struct store_ledger *ledger, struct dispatch *dispatch,
                          size_t owner);

#endif
