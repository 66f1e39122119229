/*
 * What the files of the SQLite store share; nobody else includes this.
 *
 * One connection, one mutex: a function that takes a store expects it locked.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "base/buf.h"
#include "store/owner.h"
#include "store/store.h"

#include <pthread.h>

enum {
    SQLITE_BUSY_MS = 5000, /* how long another process may keep us waiting */
    SQLITE_STUCK_MS = 100, /* ... once it kept us so long, until it lets go */
};

struct ledger_type;
struct sqlite3;
struct store_letter_filter;
struct store_placement;
struct sqlite3_stmt;
struct store_gap;
struct store_ledger;
struct store_stretch;

struct store {
    struct sqlite3 *db;
    char *path;
    pthread_mutex_t mutex;
    const struct runtime *runtime;
    struct owner self;
    int64_t owner_id;
    bool is_durable;  /* commits wait for the disk */
    bool is_stuck;    /* the last transaction waited in vain for another process */
    int64_t swept_ms; /* when old dead letters were last looked for */
};

/* Makes directory and file where they are missing; refuses what others may read. */
bool sqlite_files_ready(const char *path, struct error *err);
/* Refuses what others may read, and what is no file. *exists: there is one. */
bool sqlite_files_check(const char *path, bool *exists, struct error *err);
/* Makes a new file beside path, ours alone, or says why not. */
bool sqlite_files_create(const char *path, struct error *err);

/* Makes the object, without a connection; and connects it to its file. */
struct store *sqlite_new(const char *path, const struct runtime *runtime);
bool sqlite_connect(struct store *store, bool is_reading, struct error *err);

/* Creates or migrates what the file holds. */
bool sqlite_schema_ready(struct store *store, struct error *err);
/* Refuses a schema that is not this program's. A file without tables is empty. */
bool sqlite_schema_check(struct store *store, bool *is_empty, struct error *err);

/* Turns what SQLite says into an error that names the file. Always false. */
bool sqlite_fail(const struct store *store, struct error *err);
bool sqlite_run(struct store *store, const char *sql, struct error *err);
/* Starts a transaction that writes; a durable one survives a power cut. */
bool sqlite_begin(struct store *store, bool is_durable, struct error *err);
/* Commits when ok, else rolls back. Returns whether it was committed. */
bool sqlite_end(struct store *store, bool ok, struct error *err);

/*
 * A statement and its values, one letter each: i int64_t, t text or NULL, b struct
 * bytes. NULL, with err set, when it cannot be prepared. sqlite3_finalize it.
 */
struct sqlite3_stmt *sqlite_prepare(struct store *store, struct error *err,
                                    const char *sql, const char *types, ...);
/* One step: true with *has_row; false when it failed. */
bool sqlite_step(struct store *store, struct sqlite3_stmt *statement, bool *has_row,
                 struct error *err);
/* Steps once and finalises. statement may be NULL: that failed already. */
bool sqlite_finish(struct store *store, struct sqlite3_stmt *statement,
                   struct error *err);

/* Writes this process's owner row and heartbeat. */
bool sqlite_owner_touch(struct store *store, int64_t now_ms, struct error *err);
bool sqlite_lease_claim(struct store *store, const struct store_wish *wishes,
                        size_t count, struct error *err);
bool sqlite_lease_renew(struct store *store, struct error *err);
bool sqlite_lease_release(struct store *store, struct store_return *returns, size_t count,
                          struct error *err);
void sqlite_lease_end(struct store *store);
/* The row of the source, while claim's fence still holds; else ERROR_LOST. */
bool sqlite_lease_check(struct store *store, const struct claim *claim, int64_t *row,
                        struct error *err);
/* Always false. */
bool sqlite_lease_lost(const struct claim *claim, struct error *err);

/* The parts of store_inspect that only read, and those that write. */
extern const struct store_inspect sqlite_inspect;
bool sqlite_hands_taken(struct store *store, const int64_t *ids, size_t count,
                        struct error *err);
bool sqlite_hands_purge(struct store *store, const struct store_letter_filter *filter,
                        size_t *count, struct error *err);
bool sqlite_hands_place(struct store *store, struct claim *claim,
                        const struct store_placement *placement, struct error *err);
bool sqlite_hands_retire(struct store *store, const struct claim *claim,
                         struct error *err);

bool sqlite_commit_write(struct store *store, struct claim *claim,
                         const struct store_commit *commit, struct error *err);
/*
 * Stores where claim stands, and when it is next due. row: the source's. ERROR_LOST
 * when its fence or version is not the stored one; nothing was changed then.
 */
bool sqlite_commit_move(struct store *store, const struct claim *claim, int64_t row,
                        int64_t due_ms, struct error *err);

/* store_type's stage and staged; and the first half of commit's undoing it. */
bool sqlite_outbox_put(struct store *store, const struct claim *claim, struct bytes batch,
                       struct error *err);
bool sqlite_outbox_get(struct store *store, const struct claim *claim, struct buf *batch,
                       struct error *err);
bool sqlite_outbox_clear(struct store *store, int64_t row, struct error *err);

/* Adds the commit's events and refusals to the source's hours. is_new: one an event. */
bool sqlite_ledger_add(struct store *store, int64_t row,
                       const struct store_commit *commit, const bool *is_new,
                       struct error *err);
bool sqlite_ledger_read(struct store *store, const struct store_stretch *stretch,
                        struct store_ledger *ledger, struct error *err);
/* Writes down a gap, and that it is to be told. */
bool sqlite_told_gap(struct store *store, int64_t row, const struct store_gap *gap,
                     struct error *err);
extern const struct ledger_type sqlite_told; /* the whole of it, store not locked */
/* store_type's discovered and discover: these two lock the store themselves. */
bool sqlite_discovery_read(struct store *store, const char *entry, json_t **known,
                           struct error *err);
bool sqlite_discovery_write(struct store *store, const char *entry, const json_t *known,
                            struct error *err);

#endif
