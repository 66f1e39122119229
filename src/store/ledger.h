/*
 * The evidence: what was delivered in which hour and what could not be read, and how
 * far the platform has been told of it (bridge/notices.h).
 *
 * Hours are those of the time that the API filters on, counted from 1970. An hour's row
 * is final once the last pass is past its end.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "store/store.h"

enum {
    STORE_TOLD_TEXT = 160,
    STORE_NOTES_MAX = 1000, /* that are read at once; the rest come next */
    STORE_NOTE_DAYS = 400,  /* so long a note is kept once it was told */
};

/* A time that is not known: nothing of the kind was told yet. */
#define STORE_NEVER INT64_MIN

/* What was settled of one hour. id_sum: of the id16, big-endian, mod 2^128. */
struct store_tally {
    int64_t hour;
    int64_t count;
    uint8_t id_sum[ID16_SIZE];
};

/* What one sink refused of it: counted there too, and now a dead letter. */
struct store_refusal {
    struct store_tally hour;
    char *sink;
};

/* A stretch that can no longer be read, or never was read a last time. */
struct store_gap {
    int64_t from_ms;
    int64_t to_ms;
    const char *reason; /* "older than the cloud keeps", "never sealed" */
};

struct store_ledger {
    struct store_tally *hours; /* by hour, those with events only */
    size_t hour_count;
    struct store_refusal *refusals; /* by hour, then sink */
    size_t refusal_count;
    struct store_gap *gaps; /* by start; reason is NULL */
    size_t gap_count;
};

void store_ledger_clear(struct store_ledger *ledger);

/* Of source, from <= t < to. */
struct store_stretch {
    const char *source;
    int64_t from_ms;
    int64_t to_ms;
};

/* What the platform was told of a source. */
struct store_told {
    int64_t start_ms;  /* the start that bridge.start named */
    int64_t sealed_ms; /* up to where there are receipts */
    int64_t beat_hour; /* of the last heartbeat */
    int64_t denied_hour;
    char config[STORE_TOLD_TEXT]; /* program and packs; "" when never told */
};

/* Where a source stands, next to what was told of it. */
struct store_standing {
    const char *source; /* the caller says */
    bool is_known;      /* it has a row */
    bool is_started;    /* and start and marks */
    int64_t start_ms;
    int64_t mark_ms[SLICE_PASSES];
    struct store_told told;
};

/* What was told and acknowledged, in one transaction. */
struct store_telling {
    const struct store_standing *standings; /* their told */
    size_t standing_count;
    const int64_t *notes; /* their ids */
    size_t note_count;
};

/* The part of a store that keeps it. */
struct ledger_type {
    /* Writes a gap into the ledger; the same start and reason again extends it. */
    bool (*gap)(struct store *store, const struct claim *claim,
                const struct store_gap *gap, struct error *err);
    /* Fills ledger, which the caller clears, with what stretch holds. */
    bool (*read)(struct store *store, const struct store_stretch *stretch,
                 struct store_ledger *ledger, struct error *err);
    /* Says of each named source where it stands. */
    bool (*standing)(struct store *store, struct store_standing *standings, size_t count,
                     struct error *err);
    /*
     * The oldest gaps and losses that were not told: an array of objects with id, source,
     * kind, about, message, at and details (event/notice.h). The caller owns it.
     */
    bool (*untold)(struct store *store, json_t **notes, struct error *err);
    /* Remembers what was told. */
    bool (*tell)(struct store *store, const struct store_telling *telling,
                 struct error *err);
};

#endif
