/*
 * One answer of a source into a batch, and what its date says about the slice.
 */
#ifndef BRIDGE_READ_H
#define BRIDGE_READ_H

#include "bridge/slice.h"
#include "bridge/worker.h"

/* One turn of one source: what worker.c and read.c share. */
struct turn {
    struct worker *worker;
    struct source *source;
    int64_t began_ms; /* monotonic */
    size_t pages;
    size_t slice_pages;
    size_t id_count; /* ids that the store holds for the source */
    bool is_guessed; /* the slice was planned by this machine's clock alone */
    int64_t rest_ms; /* not 0: the turn is over, for the request budget is used up */
};

/* Logs the plan's gaps, and writes those of the source's own into the ledger. */
bool read_note_gaps(struct turn *turn, const struct slice_plan *plan, struct error *err);
/*
 * Asks for the slice's next page and appends its records to batch. *is_kept false:
 * the answer's date says that the slice has to be planned again; nothing was read.
 */
bool read_page(struct turn *turn, struct batch *batch, bool *is_done, bool *is_kept,
               struct error *err);

#endif
