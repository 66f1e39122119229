/*
 * What the platform was told, and what is still to be told.
 */
#include "base/mem.h"
#include "base/timestamp.h"
#include "store/ledger.h"
#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMN_MARK = 1, COLUMN_TOLD = COLUMN_MARK + SLICE_PASSES };

static int64_t number_or_never(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? STORE_NEVER
               : sqlite3_column_int64(row, column);
}

static void read_standing(sqlite3_stmt *row, struct store_standing *standing)
{
    standing->is_known = true;
    standing->is_started = sqlite3_column_type(row, 0) != SQLITE_NULL;
    standing->start_ms = sqlite3_column_int64(row, 0);
    for (int i = 0; i < SLICE_PASSES; i++) {
        standing->mark_ms[i] = sqlite3_column_int64(row, COLUMN_MARK + i);
    }
    const char *config = (const char *)sqlite3_column_text(row, COLUMN_TOLD + 4);
    standing->told = (struct store_told){
        .start_ms = number_or_never(row, COLUMN_TOLD),
        .sealed_ms = number_or_never(row, COLUMN_TOLD + 1),
        .beat_hour = number_or_never(row, COLUMN_TOLD + 2),
        .denied_hour = number_or_never(row, COLUMN_TOLD + 3),
    };
    snprintf(standing->told.config, STORE_TOLD_TEXT, "%s", config == NULL ? "" : config);
}

static bool read_standings(struct store *store, struct store_standing *standings,
                           size_t count, struct error *err)
{
    sqlite3_stmt *statement = sqlite_prepare(
        store, err,
        "SELECT s.start, mark1, mark2, mark3, mark4, t.start, sealed, beat, denied, "
        "config"
        " FROM source s LEFT JOIN told t ON t.source = s.id WHERE name = ?",
        "");
    bool ok = statement != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        bool has_row = false;
        const char *source = standings[i].source;
        standings[i] = (struct store_standing){.source = source};
        sqlite3_bind_text(statement, 1, source, -1, SQLITE_STATIC);
        ok = sqlite_step(store, statement, &has_row, err);
        if (ok && has_row) {
            read_standing(statement, &standings[i]);
        }
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

#define SQL_TIME(ms) "strftime('%Y-%m-%dT%H:%M:%fZ', " ms " / 1000.0, 'unixepoch')"

bool sqlite_told_gap(struct store *store, int64_t row, const struct store_gap *gap,
                     struct error *err)
{
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    /* Planned again after a crash, a gap has the same start and a later end. */
    return sqlite_finish(store,
                         sqlite_prepare(store, err,
                                        "INSERT INTO gap VALUES (?, ?, ?, ?)"
                                        " ON CONFLICT DO UPDATE SET"
                                        " to_ms = max(to_ms, excluded.to_ms)",
                                        "iiti", row, gap->from_ms, gap->reason,
                                        gap->to_ms),
                         err) &&
           sqlite_finish(store,
                         sqlite_prepare(
                             store, err,
                             "INSERT OR IGNORE INTO note"
                             " (source, kind, about, message, at, details)"
                             " SELECT ?1, 'gap', f || '/' || t, ?4, ?5,"
                             " json_object('from', f, 'to', t, 'reason', ?4) FROM"
                             " (SELECT " SQL_TIME("?2") " AS f, " SQL_TIME("?3") " AS t)",
                             "iiiti", row, gap->from_ms, gap->to_ms, gap->reason, now_ms),
                         err);
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text == NULL ? "" : text;
}

static bool read_untold(struct store *store, json_t **notes, struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *row =
        sqlite_prepare(store, err,
                       "SELECT note.id, name, kind, about, message, at, details FROM note"
                       " JOIN source ON source.id = note.source WHERE is_told = 0"
                       " ORDER BY note.id LIMIT ?",
                       "i", (int64_t)STORE_NOTES_MAX);
    bool ok = row != NULL && sqlite_step(store, row, &has_row, err);
    *notes = json_array();
    while (ok && has_row) {
        json_t *note = json_pack(
            "{s:I,s:s,s:s,s:s,s:s,s:I}", "id", (json_int_t)sqlite3_column_int64(row, 0),
            "source", text_of(row, 1), "kind", text_of(row, 2), "about", text_of(row, 3),
            "message", text_of(row, 4), "at", (json_int_t)sqlite3_column_int64(row, 5));
        json_object_set_new(note, "details", json_loads(text_of(row, 6), 0, NULL));
        json_array_append_new(*notes, note);
        ok = sqlite_step(store, row, &has_row, err);
    }
    sqlite3_finalize(row);
    return ok;
}

static bool tell_standing(struct store *store, const struct store_standing *standing,
                          struct error *err)
{
    const struct store_told *told = &standing->told;
    return sqlite_finish(
        store,
        sqlite_prepare(store, err,
                       "INSERT OR REPLACE INTO told SELECT id, ?, ?, ?, ?, ? FROM source"
                       " WHERE name = ?",
                       "iiiitt", told->start_ms, told->sealed_ms, told->beat_hour,
                       told->denied_hour, told->config, standing->source),
        err);
}

static bool tell_notes(struct store *store, const struct store_telling *telling,
                       struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < telling->note_count; i++) {
        ok = sqlite_finish(store,
                           sqlite_prepare(store, err,
                                          "UPDATE note SET is_told = 1 WHERE id = ?", "i",
                                          telling->notes[i]),
                           err);
    }
    if (!ok || telling->note_count == 0) {
        return ok;
    }
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    return sqlite_finish(
        store,
        sqlite_prepare(store, err, "DELETE FROM note WHERE is_told = 1 AND at < ?", "i",
                       now_ms - (int64_t)STORE_NOTE_DAYS * MS_PER_DAY),
        err);
}

static bool remember(struct store *store, const struct store_telling *telling,
                     struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < telling->standing_count; i++) {
        ok = tell_standing(store, &telling->standings[i], err);
    }
    return ok && tell_notes(store, telling, err);
}

static bool write_gap(struct store *store, const struct claim *claim,
                      const struct store_gap *gap, struct error *err)
{
    int64_t row = 0;
    return sqlite_lease_check(store, claim, &row, err) &&
           sqlite_told_gap(store, row, gap, err);
}

static bool locked_gap(struct store *store, const struct claim *claim,
                       const struct store_gap *gap, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_begin(store, true, err);
    if (ok) {
        ok = sqlite_end(store, write_gap(store, claim, gap, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool locked_read(struct store *store, const struct store_stretch *stretch,
                        struct store_ledger *ledger, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_ledger_read(store, stretch, ledger, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool locked_standing(struct store *store, struct store_standing *standings,
                            size_t count, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_run(store, "BEGIN", err);
    if (ok) {
        ok = sqlite_end(store, read_standings(store, standings, count, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool locked_untold(struct store *store, json_t **notes, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = read_untold(store, notes, err);
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool locked_tell(struct store *store, const struct store_telling *telling,
                        struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_begin(store, false, err); /* lost, it is told again: same ids */
    if (ok) {
        ok = sqlite_end(store, remember(store, telling, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

const struct ledger_type sqlite_told = {
    .gap = locked_gap,
    .read = locked_read,
    .standing = locked_standing,
    .untold = locked_untold,
    .tell = locked_tell,
};
