#include "store/sqlite.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* A part of the batch: what one hour of the ledger gains. */
struct hour {
    int64_t hour; /* since 1970 */
    int64_t count;
    int64_t delay_max_ms;
    uint8_t id_sum[ID16_SIZE];
};

struct hours {
    struct hour *hours;
    size_t count;
};

/* sum += id16, both big-endian, mod 2^128: the same in any order of delivery. */
static void add_id(uint8_t sum[ID16_SIZE], const uint8_t id16[ID16_SIZE])
{
    unsigned carry = 0;
    for (size_t i = ID16_SIZE; i-- > 0;) {
        carry += (unsigned)sum[i] + id16[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static struct hour *hour_find(struct hours *hours, int64_t number)
{
    for (size_t i = hours->count; i-- > 0;) { /* neighbours share an hour */
        if (hours->hours[i].hour == number) {
            return &hours->hours[i];
        }
    }
    hours->hours = mem_resize(hours->hours, hours->count + 1, sizeof(*hours->hours));
    struct hour *hour = &hours->hours[hours->count++];
    *hour = (struct hour){.hour = number};
    return hour;
}

static void count_event(struct hours *hours, const struct store_delivered *event,
                        int64_t now_ms)
{
    struct hour *hour = hour_find(hours, event->time_ms / MS_PER_HOUR);
    int64_t delay_ms = now_ms - event->time_ms;
    hour->count++;
    hour->delay_max_ms = delay_ms > hour->delay_max_ms ? delay_ms : hour->delay_max_ms;
    add_id(hour->id_sum, event->id16);
}

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

/* Keeps the ids, and counts in hours what was not there before. */
static bool add_ids(struct store *store, int64_t row, const struct store_commit *commit,
                    struct hours *hours, struct error *err)
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
        if (ok && sqlite3_changes(store->db) == 1) {
            count_event(hours, event, commit->now_ms);
        }
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

static bool add_hour(struct store *store, int64_t row, struct hour *hour,
                     struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *found = sqlite_prepare(
        store, err, "SELECT id_sum FROM ledger WHERE source = ? AND hour = ?", "ii", row,
        hour->hour);
    bool ok = found != NULL && sqlite_step(store, found, &has_row, err);
    if (ok && has_row && sqlite3_column_bytes(found, 0) == ID16_SIZE) {
        add_id(hour->id_sum, sqlite3_column_blob(found, 0));
    }
    sqlite3_finalize(found);
    struct bytes sum = {hour->id_sum, ID16_SIZE};
    return ok &&
           sqlite_finish(
               store,
               sqlite_prepare(
                   store, err,
                   "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5)"
                   " ON CONFLICT DO UPDATE SET delivered = delivered + ?3, id_sum = ?4,"
                   " delay_max = max(delay_max, ?5)",
                   "iiibi", row, hour->hour, hour->count, sum, hour->delay_max_ms),
               err);
}

static bool add_ledger(struct store *store, int64_t row, struct hours *hours,
                       struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < hours->count; i++) {
        ok = add_hour(store, row, &hours->hours[i], err);
    }
    return ok;
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

/* Removes letters up to last, and writes down in the ledger that they are gone. */
static bool expire(struct store *store, const char *which, int64_t last, size_t *count,
                   struct error *err)
{
    char *note = mem_format("INSERT INTO gap SELECT source, min(at), count(*) || ' dead"
                            " letters expired', max(at) FROM dead_letter WHERE %s"
                            " GROUP BY source ON CONFLICT DO UPDATE"
                            " SET to_ms = max(to_ms, excluded.to_ms)",
                            which);
    char *remove = mem_format("DELETE FROM dead_letter WHERE %s", which);
    bool ok = sqlite_finish(store, sqlite_prepare(store, err, note, "i", last), err) &&
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
    if (!expire(store, "at < ?", oldest_ms, count, err)) {
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
    return ok && (!has_row || expire(store, "id <= ?", last, count, err));
}

/* Everything that the commit says, inside the transaction. */
static bool write_all(struct store *store, const struct claim *claim,
                      const struct store_commit *commit, size_t *expired,
                      struct error *err)
{
    int64_t row = 0;
    struct hours hours = {0};
    bool ok = sqlite_lease_check(store, claim, &row, err) &&
              move_cursor(store, claim, commit->cursor, commit->due_ms, err);
    if (ok && commit->keeps_ids) {
        ok = add_ids(store, row, commit, &hours, err);
    } else if (ok) {
        for (size_t i = 0; i < commit->delivered_count; i++) {
            count_event(&hours, &commit->delivered[i], commit->now_ms);
        }
    }
    ok = ok && add_ledger(store, row, &hours, err) &&
         add_letters(store, row, commit, err) &&
         expire_letters(store, commit, expired, err) &&
         forget_ids(store, row, commit->forget_ms, err);
    free(hours.hours);
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
