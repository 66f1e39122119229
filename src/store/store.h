/*
 * What has been delivered, and where each source will resume.
 *
 * A commit is one transaction: either all of it holds after a crash, or none. It
 * is refused (ERROR_LOST) when this process no longer holds the source's lease,
 * so a stale worker can repeat a batch but never move a mark.
 *
 * Leases belong to the process: one owner row with a heartbeat (STORE_HEARTBEAT_MS,
 * valid STORE_LEASE_MS); each claim raises the source's fence, each commit its
 * version, and a commit names both. Many sources are claimed and given back in one
 * transaction.
 *
 * What settled events survives a power cut. A commit that only moved marks, claims and
 * what is given back may be lost: then the marks are older and something is read again.
 *
 * Safe from any thread; a claim is with one thread at a time.
 *
 * Errors: ERROR_STATE; ERROR_LOST; ERROR_CONFIG for a store of a newer schema or
 * one that others can read.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "store/claim.h"

#include <jansson.h>

enum {
    STORE_HEARTBEAT_MS = 10 * 1000,
    STORE_LEASE_MS = 60 * 1000,
    STORE_LETTER_DAYS = 7,
    STORE_LETTERS_MAX = 100000,
};

struct store_letter { /* a dead letter: an event that a sink refused */
    const char *event_id;
    const char *sink;
    const char *reason;
    struct bytes event; /* as it was sent */
    size_t delivered;   /* its place in the commit's delivered */
};

struct store_delivered {
    int64_t time_ms; /* the time that the API filters on */
    uint8_t id16[ID16_SIZE];
    bool is_known; /* the store's answer, from known() */
};

struct ledger_type;

/* One batch, settled. */
struct store_commit {
    const struct cursor *cursor; /* as it will be */
    const struct store_delivered *delivered;
    size_t delivered_count;
    const struct store_letter *letters;
    size_t letter_count;
    int64_t now_ms;    /* the cloud's time, for ledger delay and dead-letter age */
    int64_t forget_ms; /* ids older than this are forgotten: mark[n]; INT64_MIN: none */
    bool keeps_ids;    /* false for sources without slices and receipts */
    int64_t due_ms;    /* when the source is next due, this machine's clock */
};

struct store; /* each store's file defines its own */

struct store_type {
    const char *name; /* "sqlite" */
    bool (*open)(const json_t *settings, const struct runtime *runtime,
                 struct store **store, struct error *err);
    void (*close)(struct store *store);
    /*
     * Takes the leases on up to STORE_CLAIMS_MAX sources in one transaction; each wish
     * says what became of it. False: none was taken.
     */
    bool (*claim)(struct store *store, const struct store_wish *wishes, size_t count,
                  struct error *err);
    /* Keeps the process's leases alive; ERROR_LOST when they already ran out. */
    bool (*renew)(struct store *store, struct error *err);
    /*
     * Gives sources back in one transaction, and stores where they stand. False: none
     * was given back.
     */
    bool (*release)(struct store *store, struct store_return *returns, size_t count,
                    struct error *err);
    /* Sets is_known of every event: whether it was delivered before. */
    bool (*known)(struct store *store, const struct claim *claim,
                  struct store_delivered *events, size_t count, struct error *err);
    /* How many ids the store holds for the source. */
    bool (*id_count)(struct store *store, const struct claim *claim, size_t *count,
                     struct error *err);
    /*
     * Keeps the bytes of a batch that is about to be sent to where it must arrive as it
     * is or not at all, in place of what is kept for the source; survives a power cut.
     * The next commit that settles something removes them.
     */
    bool (*stage)(struct store *store, const struct claim *claim, struct bytes batch,
                  struct error *err);
    /* Appends what is kept for the source to batch; nothing when nothing is. */
    bool (*staged)(struct store *store, const struct claim *claim, struct buf *batch,
                   struct error *err);
    /*
     * Records the batch as settled and moves claim's cursor; raises claim->version. Where
     * nothing was delivered and the source is not new, only claim's cursor moves, and the
     * next commit that settles something, or release, stores it.
     */
    bool (*commit)(struct store *store, struct claim *claim,
                   const struct store_commit *commit, struct error *err);
    const struct ledger_type *ledger;    /* store/ledger.h */
    const struct store_inspect *inspect; /* the part for people: store/inspect.h */
    /*
     * What was discovered of an entry of the configuration (bridge/discovery.h), by name:
     * an array of {"name": suffix, "found": settings, "gone": ms since 1970 when it is}.
     * The caller owns *known.
     */
    bool (*discovered)(struct store *store, const char *entry, json_t **known,
                       struct error *err);
    /* Puts known in its place. */
    bool (*discover)(struct store *store, const char *entry, const json_t *known,
                     struct error *err);
};

extern const struct store_type store_sqlite;

#endif
