/*
 * Reading a log that has no cursor (docs/architecture.md): pure functions that say which
 * stretch of time to read next, and what is known once it was read.
 *
 * I1  mark[1] >= ... >= mark[n]; none ever goes back; mark[1] <= now - age[1].
 * I2  every event with start <= t < mark[i] that was visible by t + age[i] is settled.
 * I3  the store's ids hold every settled event with t >= mark[n].
 * I4  a slice's a and began are never raised, b is only lowered.
 *
 * now is the cloud's time. Bounds are inclusive; neighbouring slices share their
 * edge and the store's ids drop the repeat; nobody adds 1.
 */
#ifndef BRIDGE_SLICE_H
#define BRIDGE_SLICE_H

#include "store/ledger.h"

enum {
    SLICE_QUIET_IDS = 500, /* up to so many ids, one request serves all passes */
    SLICE_PAGES_MANY = 40, /* a slice of more pages halves the span */
    SLICE_PAGES_FEW = 10,  /* one of fewer doubles it */
    SLICE_SKEW_MS = 5000,  /* Date is cut to seconds, and the clouds' clocks differ */
};

/* What slice_plan decides by. */
struct slice_moment {
    int64_t now_ms;
    /*
     * now_ms was learnt from a Date of this source's API, and not from this machine.
     * Only then is anything given up as older than the cloud keeps, or put off because
     * the clock is behind what was read already; until then a short slice is read to
     * learn it. True for an API that sends no Date.
     */
    bool is_dated;
    int64_t every_ms;   /* how often the source is looked at */
    size_t id_count;    /* ids that the store holds for it */
    double budget_used; /* 0..1: the share of its request budget now in use */
};

enum { SLICE_GAPS = 2 };

struct slice_plan {
    bool is_due;    /* cursor->slice is open and to be read */
    int64_t due_ms; /* else: the cloud's time at which something will be due */
    struct store_gap gaps[SLICE_GAPS];
    size_t gap_count;
};

/*
 * Puts a new source at now - lookback, or where the cloud's log begins; never into
 * the first pass's youth.
 */
void slice_start(struct cursor *cursor, const struct slicing *slicing, int64_t now_ms,
                 int64_t lookback_ms);

/*
 * Decides what to read: opens cursor->slice and says is_due, or says when. Gaps are
 * to be written down before the cursor is committed: its marks are past them.
 */
struct slice_plan slice_plan(struct cursor *cursor, const struct slicing *slicing,
                             const struct slice_moment *moment);

/*
 * The same for a stretch that ends at to_ms: opens the slice behind mark[1], each event
 * being read once; not is_due: everything up to to_ms, or to now - age[1], was read.
 */
struct slice_plan slice_plan_until(struct cursor *cursor, const struct slicing *slicing,
                                   const struct slice_moment *moment, int64_t to_ms);

/*
 * A page said what the cloud's time is. False when the slice cannot be trusted: it
 * reached into the cloud's future because our clock ran ahead, or back past what the
 * cloud keeps. It is then forgotten and the page too; plan again. A source that a
 * wrong clock had only just started is put back by as much.
 */
bool slice_dated(struct cursor *cursor, const struct slicing *slicing, int64_t date_ms);

/* Gives up an open slice, unread; nothing was promised of it. */
void slice_forget(struct cursor *cursor);

/*
 * The slice held too much: halves it and starts it over. False when it is already
 * as short as the API's times allow.
 */
bool slice_narrow(struct cursor *cursor, const struct slicing *slicing);

/* The slice was read to its end in page_count pages: moves the marks, closes it. */
void slice_finish(struct cursor *cursor, const struct slicing *slicing,
                  size_t page_count);

/* Up to where ids may be forgotten: the last pass's mark. */
int64_t slice_sealed_ms(const struct cursor *cursor, const struct slicing *slicing);

#endif
