#include "base/mem.h"
#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMN_OWNER = 12, COLUMN_FENCE = 13, COLUMN_VERSION = 14 };

static int64_t min_of(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t now_of(const struct store *store)
{
    return store->runtime->now_ms(store->runtime->context);
}

bool sqlite_lease_lost(const struct claim *claim, struct error *err)
{
    return error_set(err, ERROR_LOST, "source %s: another process holds it now",
                     claim->source);
}

bool sqlite_owner_touch(struct store *store, int64_t now_ms, struct error *err)
{
    const struct owner *self = &store->self;
    int64_t until_ms = now_ms + STORE_LEASE_MS;
    if (store->owner_id != 0) {
        return sqlite_finish(
            store,
            sqlite_prepare(store, err,
                           "INSERT OR REPLACE INTO owner VALUES (?, ?, ?, ?, ?, ?, ?)",
                           "ittiiii", store->owner_id, self->host, self->scope, self->pid,
                           self->started, now_ms, until_ms),
            err);
    }
    /* Rows of processes that died long ago are of use to nobody. */
    if (!sqlite_finish(store,
                       sqlite_prepare(store, err,
                                      "DELETE FROM owner WHERE valid_until < ?", "i",
                                      now_ms - STORE_LEASE_MS),
                       err) ||
        !sqlite_finish(store,
                       sqlite_prepare(store, err,
                                      "INSERT INTO owner VALUES (NULL, ?, ?, ?, ?, ?, ?)",
                                      "ttiiii", self->host, self->scope, self->pid,
                                      self->started, now_ms, until_ms),
                       err)) {
        return false;
    }
    store->owner_id = sqlite3_last_insert_rowid(store->db);
    return true;
}

static void copy_text(char *out, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    snprintf(out, OWNER_TEXT_SIZE, "%s", text == NULL ? "" : text);
}

/*
 * Removes the row of an owner that has ended, which frees all that it held; while it
 * lives, the wish is refused.
 */
static bool take_over(struct store *store, const struct store_wish *wish,
                      int64_t owner_id, struct error *err)
{
    struct owner owner = {.pid = 0};
    bool has_row = false;
    int64_t now_ms = now_of(store);
    sqlite3_stmt *statement =
        sqlite_prepare(store, err,
                       "SELECT host, scope, pid, started, heartbeat, valid_until"
                       " FROM owner WHERE id = ?",
                       "i", owner_id);
    if (statement == NULL || !sqlite_step(store, statement, &has_row, err) || !has_row) {
        bool ok = statement != NULL && sqlite3_errcode(store->db) == SQLITE_DONE;
        sqlite3_finalize(statement);
        return ok;
    }
    copy_text(owner.host, statement, 0);
    copy_text(owner.scope, statement, 1);
    owner.pid = sqlite3_column_int64(statement, 2);
    owner.started = sqlite3_column_int64(statement, 3);
    int64_t heartbeat_ms = sqlite3_column_int64(statement, 4);
    int64_t until_ms = sqlite3_column_int64(statement, 5);
    sqlite3_finalize(statement);

    /* A heartbeat from the future: the clock was put back; do not wait a day for it. */
    bool has_ended = now_ms >= until_ms || heartbeat_ms > now_ms + STORE_LEASE_MS;
    if (!has_ended && !owner_is_gone(&owner, &store->self)) {
        error_set(wish->error, ERROR_BUSY, "source %s: process %lld on %s is reading it",
                  wish->source, (long long)owner.pid, owner.host);
        wish->error->retry_after_ms = (int)min_of(until_ms - now_ms, STORE_LEASE_MS);
        return true;
    }
    return sqlite_finish(
        store,
        sqlite_prepare(store, err, "DELETE FROM owner WHERE id = ?", "i", owner_id), err);
}

/* Unreadable state stops the source: starting over would hide what is missing. */
static bool read_place(sqlite3_stmt *statement, int column, const char *source,
                       json_t **place, struct error *err)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (text == NULL) {
        return true;
    }
    *place = json_loads(text, JSON_DECODE_ANY, NULL);
    return *place != NULL ||
           error_set(err, ERROR_STATE, "source %s: its stored place is unreadable",
                     source);
}

static bool read_claim(sqlite3_stmt *statement, const char *source, struct claim *claim,
                       struct error *err)
{
    struct cursor *cursor = &claim->cursor;
    claim->source = mem_dup(source);
    claim->is_new = sqlite3_column_type(statement, 1) == SQLITE_NULL;
    cursor->start_ms = sqlite3_column_int64(statement, 1);
    for (int i = 0; i < SLICE_PASSES; i++) {
        cursor->mark_ms[i] = sqlite3_column_int64(statement, 2 + i);
    }
    cursor->span_ms = sqlite3_column_int64(statement, 6);
    cursor->is_open = sqlite3_column_type(statement, 7) != SQLITE_NULL;
    cursor->slice.a_ms = sqlite3_column_int64(statement, 7);
    cursor->slice.b_ms = sqlite3_column_int64(statement, 8);
    cursor->slice.began_ms = sqlite3_column_int64(statement, 9);
    claim->fence = sqlite3_column_int64(statement, COLUMN_FENCE) + 1;
    claim->version = sqlite3_column_int64(statement, COLUMN_VERSION);
    return read_place(statement, 10, source, &cursor->place, err);
}

/* Reads the source's row; what is wrong with it alone goes into refused. */
static bool claim_row(struct store *store, const struct store_wish *wish,
                      struct error *err)
{
    bool has_row = false;
    int64_t owner_id = 0;
    sqlite3_stmt *statement =
        sqlite_prepare(store, err,
                       "SELECT id, start, mark1, mark2, mark3, mark4, span, slice_a,"
                       " slice_b, slice_began, place, due, owner, fence, version"
                       " FROM source WHERE name = ?",
                       "t", wish->source);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    if (has_row) {
        owner_id = sqlite3_column_int64(statement, COLUMN_OWNER);
        read_claim(statement, wish->source, wish->claim, wish->error);
    } else if (ok) {
        ok = error_set(err, ERROR_STATE, "source %s: has no row", wish->source);
    }
    sqlite3_finalize(statement);
    if (!ok || wish->error->kind != ERROR_NONE || owner_id == 0 ||
        owner_id == store->owner_id) {
        return ok;
    }
    return take_over(store, wish, owner_id, err);
}

/* Takes one source; false only when the store failed. */
static bool claim_one(struct store *store, const struct store_wish *wish,
                      struct error *err)
{
    *wish->claim = (struct claim){0};
    *wish->error = (struct error){0};
    bool ok =
        sqlite_finish(store,
                      sqlite_prepare(store, err,
                                     "INSERT OR IGNORE INTO source (name) VALUES (?)",
                                     "t", wish->source),
                      err) &&
        claim_row(store, wish, err);
    if (!ok || wish->error->kind != ERROR_NONE) {
        claim_clear(wish->claim);
        return ok;
    }
    return sqlite_finish(
        store,
        sqlite_prepare(store, err,
                       "UPDATE source SET owner = ?, fence = ? WHERE name = ?", "iit",
                       store->owner_id, wish->claim->fence, wish->source),
        err);
}

bool sqlite_lease_claim(struct store *store, const struct store_wish *wishes,
                        size_t count, struct error *err)
{
    if (!sqlite_begin(store, false, err)) {
        return false;
    }
    size_t tried = 0;
    bool ok = sqlite_owner_touch(store, now_of(store), err);
    while (ok && tried < count) {
        ok = claim_one(store, &wishes[tried++], err);
    }
    ok = sqlite_end(store, ok, err);
    for (size_t i = 0; !ok && i < tried; i++) {
        claim_clear(wishes[i].claim);
    }
    return ok;
}

static bool has_owner_row(struct store *store, bool *has_row, struct error *err)
{
    sqlite3_stmt *statement = sqlite_prepare(
        store, err, "SELECT 1 FROM owner WHERE id = ?", "i", store->owner_id);
    bool ok = statement != NULL && sqlite_step(store, statement, has_row, err);
    sqlite3_finalize(statement);
    return ok;
}

bool sqlite_lease_renew(struct store *store, struct error *err)
{
    bool has_row = false;
    if (!sqlite_begin(store, false, err)) {
        return false;
    }
    /* The row comes back either way: claims that nobody has taken live on. */
    bool ok = has_owner_row(store, &has_row, err) &&
              sqlite_owner_touch(store, now_of(store), err);
    if (!sqlite_end(store, ok, err)) {
        return false;
    }
    return has_row ||
           error_set(err, ERROR_LOST,
                     "store %s: this process was silent for too long; another one has "
                     "taken its sources",
                     store->path);
}

bool sqlite_lease_check(struct store *store, const struct claim *claim, int64_t *row,
                        struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(
        store, err, "SELECT id FROM source WHERE name = ? AND owner = ? AND fence = ?",
        "tii", claim->source, store->owner_id, claim->fence);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    *row = has_row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok && (has_row || sqlite_lease_lost(claim, err));
}

/* Gives one source back; false only when the store failed. */
static bool release_one(struct store *store, struct store_return *back, struct error *err)
{
    int64_t row = 0;
    struct error cause = {0};
    bool ok = sqlite_lease_check(store, back->claim, &row, &cause) &&
              (!back->claim->is_moved ||
               sqlite_commit_move(store, back->claim, row, back->due_ms, &cause)) &&
              sqlite_finish(
                  store,
                  sqlite_prepare(store, &cause,
                                 "UPDATE source SET owner = NULL, due = ? WHERE id = ?",
                                 "ii", back->due_ms, row),
                  &cause);
    back->is_lost = cause.kind == ERROR_LOST;
    if (ok || back->is_lost) {
        return true;
    }
    if (err != NULL) {
        *err = cause;
    }
    return false;
}

bool sqlite_lease_release(struct store *store, struct store_return *returns, size_t count,
                          struct error *err)
{
    if (!sqlite_begin(store, false, err)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = release_one(store, &returns[i], err);
    }
    return sqlite_end(store, ok, err);
}

void sqlite_lease_end(struct store *store)
{
    if (store->owner_id == 0 || !sqlite_begin(store, false, NULL)) {
        return;
    }
    bool ok = sqlite_finish(store,
                            sqlite_prepare(store, NULL,
                                           "UPDATE source SET owner = NULL"
                                           " WHERE owner = ?",
                                           "i", store->owner_id),
                            NULL) &&
              sqlite_finish(store,
                            sqlite_prepare(store, NULL, "DELETE FROM owner WHERE id = ?",
                                           "i", store->owner_id),
                            NULL);
    (void)sqlite_end(store, ok, NULL);
}
