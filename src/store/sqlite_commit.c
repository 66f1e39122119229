#include "store/sqlite.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static bool move_cursor(struct store *store, const struct claim *claim,
                        const struct cursor *cursor, int64_t due_ms, struct error *err)
{
    char *place = json_dumps(cursor->place, JSON_COMPACT | JSON_ENCODE_ANY);
    bool ok = sqlite_finish(
        store,
        sqlite_prepare(
            store, err,
            "UPDATE source SET start = ?, mark1 = ?, mark2 = ?, mark3 = ?, mark4 = ?,"
            " span = ?, slice_a = iif(?7, ?8, NULL), slice_b = iif(?7, ?9, NULL),"
            " slice_began = iif(?7, ?10, NULL), place = ?11, due = ?12,"
            " version = version + 1"
            " WHERE name = ?13 AND owner = ?14 AND fence = ?15 AND version = ?16",
            "iiiiiiiiiititiii", cursor->start_ms, cursor->mark_ms[0], cursor->mark_ms[1],
            cursor->mark_ms[2], cursor->mark_ms[3], cursor->span_ms,
            (int64_t)cursor->is_open, cursor->slice.a_ms, cursor->slice.b_ms,
            cursor->slice.began_ms, place, due_ms, claim->source, store->owner_id,
            claim->fence, claim->version),
        err);
    free(place);
    return ok && (sqlite3_changes(store->db) == 1 || sqlite_lease_lost(claim, err));
}

/* Keeps the ids; is_new says of each whether it was not there before. */
static bool add_ids(struct store *store, int64_t row, const struct store_commit *commit,
                    bool *is_new, struct error *err)
{
    sqlite3_stmt *statement = sqlite_prepare(
        store, err, "INSERT OR IGNORE INTO ids VALUES (?, ?, ?)", "i", row);
    bool ok = statement != NULL;
    for (size_t i = 0; ok && i < commit->delivered_count; i++) {
        const struct store_delivered *event = &commit->delivered[i];
        bool has_row = false;
        sqlite3_bind_int64(statement, 2, event->time_ms);
        sqlite3_bind_blob(statement, 3, event->id16, ID16_SIZE, SQLITE_STATIC);
        ok = sqlite_step(store, statement, &has_row, err);
        is_new[i] = ok && sqlite3_changes(store->db) == 1;
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool forget_ids(struct store *store, int64_t row, int64_t before_ms,
                       struct error *err)
{
    return before_ms == INT64_MIN ||
           sqlite_finish(store,
                         sqlite_prepare(store, err,
                                        "DELETE FROM ids WHERE source = ? AND t < ?",
                                        "ii", row, before_ms),
                         err);
}

static bool add_letters(struct store *store, int64_t row,
                        const struct store_commit *commit, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < commit->letter_count; i++) {
        const struct store_letter *letter = &commit->letters[i];
        ok = sqlite_finish(store,
                           sqlite_prepare(store, err,
                                          "INSERT OR REPLACE INTO dead_letter"
                                          " VALUES (NULL, ?, ?, ?, ?, ?, ?)",
                                          "itttib", row, letter->event_id, letter->sink,
                                          letter->reason, commit->now_ms, letter->event),
                           err);
    }
    return ok;
}

/* Removes letters up to last, and notes for each sink how many are gone. */
static bool expire(struct store *store, const char *which, int64_t last, size_t *count,
                   struct error *err)
{
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    char *note = mem_format(
        "INSERT OR IGNORE INTO note (source, kind, about, message, at, details)"
        " SELECT source, 'loss', min(at) || '/' || max(id) || '/' || sink,"
        " count(*) || ' dead letters expired', ?2,"
        " json_object('count', count(*), 'sink', sink,"
        " 'from', strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', min(at) / 1000.0, 'unixepoch'),"
        " 'to', strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', max(at) / 1000.0, 'unixepoch'))"
        " FROM dead_letter WHERE %s GROUP BY source, sink",
        which);
    char *remove = mem_format("DELETE FROM dead_letter WHERE %s", which);
    bool ok =
        sqlite_finish(store, sqlite_prepare(store, err, note, "ii", last, now_ms), err) &&
        sqlite_finish(store, sqlite_prepare(store, err, remove, "i", last), err);
    if (ok) {
        *count += (size_t)sqlite3_changes(store->db);
    }
    free(note);
    free(remove);
    return ok;
}

static bool expire_letters(struct store *store, const struct store_commit *commit,
                           size_t *count, struct error *err)
{
    /* Old by both clocks: one that is wrong must not throw letters away. */
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    store->swept_ms = now_ms;
    now_ms = commit->now_ms < now_ms ? commit->now_ms : now_ms;
    int64_t oldest_ms = now_ms - (int64_t)STORE_LETTER_DAYS * MS_PER_DAY;
    if (!expire(store, "at < ?1", oldest_ms, count, err)) {
        return false;
    }
    if (commit->letter_count == 0) {
        return true;
    }

    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(
        store, err, "SELECT id FROM dead_letter ORDER BY id DESC LIMIT 1 OFFSET ?", "i",
        (int64_t)STORE_LETTERS_MAX);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    int64_t last = has_row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok && (!has_row || expire(store, "id <= ?1", last, count, err));
}

/* Everything that the commit says, inside the transaction. */
static bool write_all(struct store *store, const struct claim *claim,
                      const struct store_commit *commit, size_t *expired,
                      struct error *err)
{
    int64_t row = 0;
    bool *is_new = mem_new(commit->delivered_count, sizeof(*is_new));
    for (size_t i = 0; i < commit->delivered_count; i++) {
        is_new[i] = true;
    }
    bool ok = sqlite_lease_check(store, claim, &row, err) &&
              move_cursor(store, claim, commit->cursor, commit->due_ms, err) &&
              (!commit->keeps_ids || add_ids(store, row, commit, is_new, err)) &&
              sqlite_ledger_add(store, row, commit, is_new, err) &&
              add_letters(store, row, commit, err) &&
              sqlite_outbox_clear(store, row, err) &&
              expire_letters(store, commit, expired, err) &&
              forget_ids(store, row, commit->forget_ms, err);
    free(is_new);
    return ok;
}

bool sqlite_commit_move(struct store *store, const struct claim *claim, int64_t row,
                        int64_t due_ms, struct error *err)
{
    return move_cursor(store, claim, &claim->moved, due_ms, err) &&
           forget_ids(store, row, claim->forget_ms, err);
}

/* place is shared: nobody changes one. */
static void copy_cursor(struct cursor *to, const struct cursor *from)
{
    json_t *place = json_incref(from->place);
    json_decref(to->place);
    *to = *from;
    to->place = place;
}

/* Old dead letters are looked for now and then, also while nothing is delivered. */
static bool is_sweep_due(const struct store *store)
{
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    return now_ms < store->swept_ms || now_ms >= store->swept_ms + MS_PER_MINUTE;
}

/* Nothing would be lost but time if this were not stored: release is soon enough. */
static bool is_idle(const struct store *store, const struct claim *claim,
                    const struct store_commit *commit)
{
    return !claim->is_new && commit->delivered_count == 0 && commit->letter_count == 0 &&
           !is_sweep_due(store);
}

bool sqlite_commit_write(struct store *store, struct claim *claim,
                         const struct store_commit *commit, struct error *err)
{
    if (is_idle(store, claim, commit)) {
        copy_cursor(&claim->moved, commit->cursor);
        copy_cursor(&claim->cursor, commit->cursor);
        claim->is_moved = true;
        claim->forget_ms = commit->forget_ms;
        return true;
    }

    size_t expired = 0;
    bool has_settled = commit->delivered_count > 0 || commit->letter_count > 0;
    if (!sqlite_begin(store, has_settled, err)) {
        return false;
    }
    bool ok = write_all(store, claim, commit, &expired, err);
    if (!sqlite_end(store, ok, err)) {
        return false;
    }
    copy_cursor(&claim->cursor, commit->cursor);
    claim->is_new = false;
    claim->is_moved = false;
    claim->version++;
    claim->letters_expired += expired;
    return true;
}
