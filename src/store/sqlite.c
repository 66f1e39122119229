/*
 * The store of one host, in one file.
 *
 * settings  {"path": "/var/lib/auditbridge/store.db"}
 */
#include "store/sqlite.h"

#include "base/mem.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->db != NULL) {
        sqlite_lease_end(store);
        sqlite3_close(store->db);
    }
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}

bool sqlite_connect(struct store *store, bool is_reading, struct error *err)
{
    /* SQLite gives ":memory:" and "file:..." meanings of their own. */
    char *path = mem_format("%s%s", store->path[0] == '/' ? "" : "./", store->path);
    int access = is_reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(path, &store->db, access | SQLITE_OPEN_NOMUTEX, NULL);
    free(path);
    if (store->db == NULL) {
        return error_set(err, ERROR_STATE, "store %s: SQLite: %s", store->path,
                         sqlite3_errstr(code));
    }
    if (code != SQLITE_OK) {
        return sqlite_fail(store, err);
    }
    sqlite3_busy_timeout(store->db, SQLITE_BUSY_MS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return sqlite_run(store, "PRAGMA trusted_schema = OFF", err) &&
           sqlite_run(store, "PRAGMA temp_store = MEMORY", err) &&
           sqlite_run(store, "PRAGMA journal_size_limit = 67108864", err) &&
           sqlite_run(store, "PRAGMA synchronous = NORMAL", err);
}

/* WAL is a property of the file: it is set once, when nobody else can be writing. */
static bool use_wal(struct store *store, struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(store, err, "PRAGMA journal_mode = WAL", "");
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    const char *mode = has_row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (ok && (mode == NULL || strcmp(mode, "wal") != 0)) {
        ok = error_set(err, ERROR_CONFIG,
                       "store %s: this file system has no shared memory for SQLite; use "
                       "a local disk",
                       store->path);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool register_owner(struct store *store, struct error *err)
{
    if (!sqlite_begin(store, false, err)) {
        return false;
    }
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    return sqlite_end(store, sqlite_owner_touch(store, now_ms, err), err);
}

struct store *sqlite_new(const char *path, const struct runtime *runtime)
{
    struct store *store = mem_new(1, sizeof(*store));
    store->path = mem_dup(path);
    store->runtime = runtime;
    pthread_mutex_init(&store->mutex, NULL);
    owner_self(&store->self);
    return store;
}

static bool store_open(const json_t *settings, const struct runtime *runtime,
                       struct store **out, struct error *err)
{
    const char *path = json_string_value(json_object_get(settings, "path"));
    if (path == NULL || path[0] == '\0') {
        return error_set(err, ERROR_CONFIG, "store: \"path\" must name a file");
    }
    if (!sqlite_files_ready(path, err)) {
        return false;
    }
    struct store *store = sqlite_new(path, runtime);
    if (!sqlite_connect(store, false, err) || !use_wal(store, err) ||
        !sqlite_schema_ready(store, err) || !register_owner(store, err)) {
        store_close(store);
        return false;
    }
    *out = store;
    return true;
}

static bool store_claim(struct store *store, const struct store_wish *wishes,
                        size_t count, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_lease_claim(store, wishes, count, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool store_renew(struct store *store, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_lease_renew(store, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool store_release(struct store *store, struct store_return *returns, size_t count,
                          struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_lease_release(store, returns, count, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool store_commit(struct store *store, struct claim *claim,
                         const struct store_commit *commit, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_commit_write(store, claim, commit, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool find_known(struct store *store, const struct claim *claim,
                       struct store_delivered *events, size_t count, struct error *err)
{
    sqlite3_stmt *statement =
        sqlite_prepare(store, err,
                       "SELECT 1 FROM ids WHERE source = (SELECT id FROM source"
                       " WHERE name = ?) AND t = ? AND id16 = ?",
                       "t", claim->source);
    bool ok = statement != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        sqlite3_bind_int64(statement, 2, events[i].time_ms);
        sqlite3_bind_blob(statement, 3, events[i].id16, ID16_SIZE, SQLITE_STATIC);
        ok = sqlite_step(store, statement, &events[i].is_known, err);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool store_known(struct store *store, const struct claim *claim,
                        struct store_delivered *events, size_t count, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    /* One read transaction: else each lookup locks and unlocks the file. */
    bool ok = sqlite_run(store, "BEGIN", err);
    if (ok) {
        ok = sqlite_end(store, find_known(store, claim, events, count, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool store_id_count(struct store *store, const struct claim *claim, size_t *count,
                           struct error *err)
{
    bool has_row = false;
    pthread_mutex_lock(&store->mutex);
    sqlite3_stmt *statement = sqlite_prepare(store, err,
                                             "SELECT count(*) FROM ids WHERE source ="
                                             " (SELECT id FROM source WHERE name = ?)",
                                             "t", claim->source);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    *count = has_row ? (size_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool store_stage(struct store *store, const struct claim *claim,
                        struct bytes batch, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_outbox_put(store, claim, batch, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool store_staged(struct store *store, const struct claim *claim,
                         struct buf *batch, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_outbox_get(store, claim, batch, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

const struct store_type store_sqlite = {
    .name = "sqlite",
    .open = store_open,
    .close = store_close,
    .claim = store_claim,
    .renew = store_renew,
    .release = store_release,
    .known = store_known,
    .id_count = store_id_count,
    .stage = store_stage,
    .staged = store_staged,
    .commit = store_commit,
    .ledger = &sqlite_told,
    .inspect = &sqlite_inspect,
    .discovered = sqlite_discovery_read,
    .discover = sqlite_discovery_write,
};
