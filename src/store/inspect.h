/*
 * What a store holds, for people: the part of the store contract (store/store.h) that
 * `sources`, `state` and `dlq` use. Reading takes no lease, writes nothing and works
 * beside a running `run`; what moves a source is done under its lease.
 */
#ifndef STORE_INSPECT_H
#define STORE_INSPECT_H

#include "store/ledger.h"

/* A source, as the store knows it. */
struct store_source {
    char *name;
    struct cursor cursor;
    bool is_new;     /* it was claimed and nothing has been committed yet */
    bool is_retired; /* left out of reports until it is configured again */
    bool is_held;    /* by a process that is alive */
    int64_t holder_pid;
    char *holder_host; /* NULL when free */
    int64_t due_ms;
    int64_t delivered_lately; /* events of the hours since store_wanted.since_ms */
    int64_t newest_ms;        /* the end of the last hour with events; 0: none */
    int64_t id_count;         /* -1: not asked for */
    int64_t gap_count;        /* stretches of the log that are missing */
    int64_t letter_count;     /* its dead letters */
};

struct store_sources {
    struct store_source *items; /* by name */
    size_t count;
};

/* Which sources, and how much about them. */
struct store_wanted {
    const char *name; /* NULL: every one */
    int64_t since_ms;
    bool has_ids; /* count the ids, which reads all of them */
};

struct store_hour { /* a row of the ledger */
    int64_t hour;   /* since 1970 */
    int64_t delivered;
    int64_t delay_max_ms;
    uint8_t id_sum[ID16_SIZE]; /* of the id16, big-endian, mod 2^128 */
};

/* The evidence of one source. */
struct store_evidence {
    struct store_hour *hours; /* oldest first */
    size_t hour_count;
    struct store_gap *gaps; /* oldest first; each owns its reason */
    size_t gap_count;
};

/* A dead letter as it lies in the store. */
struct store_dead {
    int64_t id;
    int64_t at_ms;
    char *source;
    char *event_id;
    char *sink;
    char *reason;
    int64_t size;
    char *event; /* size bytes and a NUL; NULL when not asked for */
};

struct store_letters {
    struct store_dead *items; /* oldest first */
    size_t count;
};

/* Which dead letters: those that fit everything that is given. */
struct store_letter_filter {
    int64_t id;         /* 0: any */
    int64_t after_id;   /* 0: from the first on */
    int64_t before_ms;  /* INT64_MAX: of any age */
    const char *sink;   /* NULL: any */
    const char *source; /* NULL: any */
    int64_t count_max;  /* 0: as many as there are */
    bool has_event;     /* their bodies too */
};

/*
 * A source put elsewhere by hand, in one durable transaction. Ids and ledger hours from
 * forget_ms on are forgotten, so that what is read again is sent and counted afresh.
 */
struct store_placement {
    const struct cursor *cursor;
    int64_t forget_ms; /* a whole hour; INT64_MAX: nothing is forgotten */
    const struct store_evidence *evidence; /* added where the store has none; or NULL */
};

struct store_inspect {
    /*
     * Opens the store to be looked at. *store is NULL when there is none yet. Of
     * store_type only close may follow, and of what is below the first three.
     */
    bool (*open)(const json_t *settings, const struct runtime *runtime,
                 struct store **store, struct error *err);
    /* Each fills an all-zero *out, which the caller clears, whatever comes back. */
    bool (*sources)(struct store *store, const struct store_wanted *wanted,
                    struct store_sources *out, struct error *err);
    bool (*evidence)(struct store *store, const char *source, struct store_evidence *out,
                     struct error *err);
    bool (*letters)(struct store *store, const struct store_letter_filter *filter,
                    struct store_letters *out, struct error *err);
    /* Removes the letters that a sink has taken after all. */
    bool (*letters_taken)(struct store *store, const int64_t *ids, size_t count,
                          struct error *err);
    /* Removes what fits filter for good, and notes that as a loss, to be told. */
    bool (*letters_purge)(struct store *store, const struct store_letter_filter *filter,
                          size_t *count, struct error *err);
    bool (*place)(struct store *store, struct claim *claim,
                  const struct store_placement *placement, struct error *err);
    /* Leaves a source out of reports from now on; what it holds stays. */
    bool (*retire)(struct store *store, const struct claim *claim, struct error *err);
};

void store_sources_clear(struct store_sources *sources);
void store_evidence_clear(struct store_evidence *evidence);
void store_letters_clear(struct store_letters *letters);

#endif
