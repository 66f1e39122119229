#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdarg.h>

/* What an operator can do about it; NULL: SQLite's own words say more. */
static const char *advice_of(int code, int extended)
{
    switch (extended) {
    case SQLITE_IOERR_WRITE: /* a quota or a file size limit, too: only ENOSPC is FULL */
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_SHMSIZE:
        return "a write failed: the disk is full, over its quota, or broken";
    default:
        break;
    }
    switch (code) {
    case SQLITE_FULL:
        return "the disk is full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "locked by another process";
    case SQLITE_NOTADB:
        return "not a store: the file is something else, or damaged";
    case SQLITE_CORRUPT:
        return "the file is damaged; restore a copy: older marks repeat, none is lost";
    case SQLITE_READONLY:
        return "the file or its directory is read-only";
    case SQLITE_CANTOPEN:
        return "the file, or those that SQLite makes beside it, cannot be opened";
    default:
        return NULL;
    }
}

bool sqlite_fail(const struct store *store, struct error *err)
{
    int extended = sqlite3_extended_errcode(store->db);
    const char *advice = advice_of(extended & 0xff, extended);
    return error_set(err, ERROR_STATE, "store %s: %s", store->path,
                     advice == NULL ? sqlite3_errmsg(store->db) : advice);
}

bool sqlite_run(struct store *store, const char *sql, struct error *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_fail(store, err);
    }
    return true;
}

/* A stopped process may keep the file locked: then not each of a thousand sources waits
 * as long as the first. */
static bool begin_immediate(struct store *store, struct error *err)
{
    bool ok = sqlite_run(store, "BEGIN IMMEDIATE", err);
    bool is_stuck = !ok && sqlite3_errcode(store->db) == SQLITE_BUSY;
    if (store->is_stuck != is_stuck) {
        store->is_stuck = is_stuck;
        sqlite3_busy_timeout(store->db, is_stuck ? SQLITE_STUCK_MS : SQLITE_BUSY_MS);
    }
    return ok;
}

bool sqlite_begin(struct store *store, bool is_durable, struct error *err)
{
    if (store->is_durable != is_durable) {
        const char *sql =
            is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
        if (!sqlite_run(store, sql, err)) {
            return false;
        }
        store->is_durable = is_durable;
    }
    return begin_immediate(store, err);
}

bool sqlite_end(struct store *store, bool ok, struct error *err)
{
    ok = ok && sqlite_run(store, "COMMIT", err);
    if (!ok && sqlite3_get_autocommit(store->db) == 0) {
        (void)sqlite_run(store, "ROLLBACK", NULL);
    }
    return ok;
}

static int bind_bytes(sqlite3_stmt *statement, int index, struct bytes bytes)
{
    if (bytes.data == NULL) {
        return sqlite3_bind_zeroblob(statement, index, 0);
    }
    return sqlite3_bind_blob64(statement, index, bytes.data, bytes.size, SQLITE_STATIC);
}

struct sqlite3_stmt *sqlite_prepare(struct store *store, struct error *err,
                                    const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    va_list values;
    va_start(values, types);
    for (int i = 0; code == SQLITE_OK && types[i] != '\0'; i++) {
        if (types[i] == 'i') {
            code = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
        } else if (types[i] == 't') {
            const char *text = va_arg(values, const char *);
            code = sqlite3_bind_text(statement, i + 1, text, -1, SQLITE_STATIC);
        } else {
            code = bind_bytes(statement, i + 1, va_arg(values, struct bytes));
        }
    }
    va_end(values);

    if (code != SQLITE_OK) {
        sqlite_fail(store, err);
        sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

bool sqlite_step(struct store *store, struct sqlite3_stmt *statement, bool *has_row,
                 struct error *err)
{
    int code = sqlite3_step(statement);
    *has_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return sqlite_fail(store, err);
    }
    return true;
}

bool sqlite_finish(struct store *store, struct sqlite3_stmt *statement, struct error *err)
{
    bool has_row = false;
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    sqlite3_finalize(statement);
    return ok;
}
