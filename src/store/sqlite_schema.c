#include "base/mem.h"
#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * steps[v] takes a file from schema v to v + 1; an empty file is schema 0. A step that
 * users have run is never changed: a new one is added.
 *
 * Times are milliseconds since 1970. A source whose start is NULL was never read; one
 * whose owner is NULL, or has no row in owner, is free.
 */
static const char *const steps[] = {
    "CREATE TABLE owner ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, scope TEXT NOT NULL,"
    " pid INTEGER NOT NULL, started INTEGER NOT NULL,"
    " heartbeat INTEGER NOT NULL, valid_until INTEGER NOT NULL);"

    "CREATE TABLE source ("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " start INTEGER, mark1 INTEGER, mark2 INTEGER, mark3 INTEGER, mark4 INTEGER,"
    " span INTEGER, slice_a INTEGER, slice_b INTEGER, slice_began INTEGER, place TEXT,"
    " fence INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0,"
    " owner INTEGER, due INTEGER NOT NULL DEFAULT 0);"

    "CREATE TABLE ids ("
    " source INTEGER NOT NULL, t INTEGER NOT NULL, id16 BLOB NOT NULL,"
    " PRIMARY KEY (source, t, id16)) WITHOUT ROWID;"

    "CREATE TABLE ledger ("
    " source INTEGER NOT NULL, hour INTEGER NOT NULL,"
    " delivered INTEGER NOT NULL, id_sum BLOB NOT NULL, delay_max INTEGER NOT NULL,"
    " PRIMARY KEY (source, hour)) WITHOUT ROWID;"

    "CREATE TABLE gap ("
    " source INTEGER NOT NULL, from_ms INTEGER NOT NULL, reason TEXT NOT NULL,"
    " to_ms INTEGER NOT NULL, PRIMARY KEY (source, from_ms, reason)) WITHOUT ROWID;"

    "CREATE TABLE dead_letter ("
    " id INTEGER PRIMARY KEY, source INTEGER NOT NULL, event_id TEXT NOT NULL,"
    " sink TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,"
    " event BLOB NOT NULL, UNIQUE (source, event_id, sink));"
    "CREATE INDEX dead_letter_age ON dead_letter (at);"

    "CREATE TABLE outbox ("
    " source INTEGER NOT NULL, sink TEXT NOT NULL, key TEXT NOT NULL,"
    " body BLOB NOT NULL, settles BLOB NOT NULL, PRIMARY KEY (source, sink, key));",

    /* When an operator retired a source that is no longer configured; NULL: not. */
    "ALTER TABLE source ADD COLUMN retired INTEGER;",
    /* What discovery found of an entry of the configuration; gone: since when not. */
    "CREATE TABLE discovery ("
    " entry TEXT NOT NULL, name TEXT NOT NULL, found TEXT NOT NULL, gone INTEGER,"
    " PRIMARY KEY (entry, name)) WITHOUT ROWID;",
    /* What the platform is told (store/ledger.h). Expired letters are no gap any more. */
    "CREATE TABLE refusal ("
    " source INTEGER NOT NULL, hour INTEGER NOT NULL, sink TEXT NOT NULL,"
    " refused INTEGER NOT NULL, id_sum BLOB NOT NULL,"
    " PRIMARY KEY (source, hour, sink)) WITHOUT ROWID;"

    "CREATE TABLE told ("
    " source INTEGER PRIMARY KEY, start INTEGER NOT NULL, sealed INTEGER NOT NULL,"
    " beat INTEGER NOT NULL, denied INTEGER NOT NULL, config TEXT NOT NULL);"

    "CREATE TABLE note ("
    " id INTEGER PRIMARY KEY, source INTEGER NOT NULL, kind TEXT NOT NULL,"
    " about TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL,"
    " details TEXT NOT NULL, is_told INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (source, kind, about));"
    "CREATE INDEX note_untold ON note (id) WHERE is_told = 0;"

    "INSERT INTO note (source, kind, about, message, at, details)"
    " SELECT source, 'loss', from_ms || '/' || reason, reason, to_ms,"
    " json_object('count', CAST(reason AS INTEGER)) FROM gap"
    " WHERE reason LIKE '% dead letters expired';"
    "DELETE FROM gap WHERE reason LIKE '% dead letters expired';",
};
enum { SCHEMA_VERSION = sizeof(steps) / sizeof(steps[0]) };

static bool read_number(struct store *store, const char *sql, int64_t *number,
                        struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(store, err, sql, "");
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    *number = has_row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok;
}

static bool read_version(struct store *store, int64_t *version, int64_t *table_count,
                         struct error *err)
{
    int64_t has_meta = 0;
    *version = 0;
    if (!read_number(store, "SELECT count(*) FROM sqlite_schema", table_count, err) ||
        !read_number(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'",
                     &has_meta, err)) {
        return false;
    }
    if (has_meta == 0 && *table_count > 0) {
        return error_set(err, ERROR_CONFIG,
                         "store %s: is the database of another program", store->path);
    }
    if (has_meta != 0 &&
        !read_number(store, "SELECT value FROM meta WHERE key = 'schema'", version,
                     err)) {
        return false;
    }
    if (*version > SCHEMA_VERSION || *version < 0) {
        return error_set(err, ERROR_CONFIG,
                         "store %s: its schema is version %lld and this program knows up "
                         "to %d; use the newer program that wrote it",
                         store->path, (long long)*version, SCHEMA_VERSION);
    }
    return true;
}

/* Copies the whole file beside itself, so that a migration can be undone. */
static bool copy_beside(struct store *store, int64_t version, struct error *err)
{
    char *path = mem_format("%s.schema-%lld", store->path, (long long)version);
    (void)unlink(path); /* from an attempt that did not end */
    bool ok =
        sqlite_files_create(path, err) &&
        sqlite_finish(store, sqlite_prepare(store, err, "VACUUM INTO ?", "t", path), err);
    if (ok) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ok = file >= 0 && fsync(file) == 0;
        if (!ok) {
            error_set(err, ERROR_STATE, "store %s: the copy %s cannot be written",
                      store->path, path);
        }
        if (file >= 0) {
            close(file);
        }
    }
    free(path);
    return ok;
}

static bool migrate(struct store *store, struct error *err)
{
    int64_t version = 0;
    int64_t table_count = 0;
    if (!sqlite_begin(store, true, err)) {
        return false;
    }
    /* Read again under the lock: another process may have been faster. */
    bool ok = read_version(store, &version, &table_count, err) &&
              sqlite_run(store,
                         "CREATE TABLE IF NOT EXISTS meta"
                         " (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
                         err);
    for (int64_t i = version; ok && i < SCHEMA_VERSION; i++) {
        ok = sqlite_run(store, steps[i], err);
    }
    ok = ok &&
         sqlite_finish(store,
                       sqlite_prepare(store, err,
                                      "INSERT OR REPLACE INTO meta VALUES ('schema', ?)",
                                      "i", (int64_t)SCHEMA_VERSION),
                       err);
    return sqlite_end(store, ok, err);
}

bool sqlite_schema_check(struct store *store, bool *is_empty, struct error *err)
{
    int64_t version = 0;
    int64_t table_count = 0;
    if (!read_version(store, &version, &table_count, err)) {
        return false;
    }
    *is_empty = table_count == 0;
    return *is_empty || version == SCHEMA_VERSION ||
           error_set(err, ERROR_CONFIG,
                     "store %s: its schema is version %lld and this program's is %d; "
                     "`auditbridge run --once` brings it up to date",
                     store->path, (long long)version, SCHEMA_VERSION);
}

bool sqlite_schema_ready(struct store *store, struct error *err)
{
    int64_t version = 0;
    int64_t table_count = 0;
    if (!read_version(store, &version, &table_count, err)) {
        return false;
    }
    if (version == SCHEMA_VERSION) {
        return true;
    }
    if (table_count > 0 && !copy_beside(store, version, err)) {
        return false;
    }
    return migrate(store, err);
}
