#include "store/inspect.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>

static bool delete_letters(struct store *store, const int64_t *ids, size_t count,
                           struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = sqlite_finish(store,
                           sqlite_prepare(store, err,
                                          "DELETE FROM dead_letter WHERE id = ?", "i",
                                          ids[i]),
                           err);
    }
    return ok;
}

bool sqlite_hands_taken(struct store *store, const int64_t *ids, size_t count,
                        struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_begin(store, true, err);
    if (ok) {
        ok = sqlite_end(store, delete_letters(store, ids, count, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

/* Parameters 1 to 5: first and last id, age, sink, source. */
#define CHOSEN                                                                           \
    " WHERE id > ?1 AND id <= ?2 AND at < ?3 AND (?4 IS NULL OR sink = ?4)"              \
    " AND (?5 IS NULL OR source = (SELECT s.id FROM source s WHERE s.name = ?5))"

static bool run_chosen(struct store *store, const char *sql,
                       const struct store_letter_filter *filter, struct error *err)
{
    int64_t after = filter->id > 0 ? filter->id - 1 : filter->after_id;
    int64_t last = filter->id > 0 ? filter->id : INT64_MAX;
    return sqlite_finish(store,
                         sqlite_prepare(store, err, sql, "iiitt", after, last,
                                        filter->before_ms, filter->sink, filter->source),
                         err);
}

static bool purge(struct store *store, const struct store_letter_filter *filter,
                  size_t *count, struct error *err)
{
    bool ok =
        run_chosen(store,
                   "INSERT OR IGNORE INTO note"
                   " (source, kind, about, message, at, details)"
                   " SELECT source, 'loss', min(at) || '/' || max(id) || '/' || sink,"
                   " count(*) || ' dead letters purged by hand', max(at),"
                   " json_object('count', count(*), 'sink', sink)"
                   " FROM dead_letter" CHOSEN " GROUP BY source, sink",
                   filter, err) &&
        run_chosen(store, "DELETE FROM dead_letter" CHOSEN, filter, err);
    *count = ok ? (size_t)sqlite3_changes(store->db) : 0;
    return ok;
}

bool sqlite_hands_purge(struct store *store, const struct store_letter_filter *filter,
                        size_t *count, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_begin(store, true, err);
    if (ok) {
        ok = sqlite_end(store, purge(store, filter, count, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool move(struct store *store, int64_t row, const struct cursor *cursor,
                 struct error *err)
{
    char *place = json_dumps(cursor->place, JSON_COMPACT | JSON_ENCODE_ANY);
    bool ok = sqlite_finish(
        store,
        sqlite_prepare(store, err,
                       "UPDATE source SET start = ?, mark1 = ?, mark2 = ?, mark3 = ?,"
                       " mark4 = ?, span = ?, place = ?, slice_a = NULL, slice_b = NULL,"
                       " slice_began = NULL, due = 0, version = version + 1"
                       " WHERE id = ?",
                       "iiiiiiti", cursor->start_ms, cursor->mark_ms[0],
                       cursor->mark_ms[1], cursor->mark_ms[2], cursor->mark_ms[3],
                       cursor->span_ms, place, row),
        err);
    free(place);
    return ok;
}

static bool forget(struct store *store, int64_t row, int64_t from_ms, struct error *err)
{
    return from_ms == INT64_MAX ||
           (sqlite_finish(store,
                          sqlite_prepare(store, err,
                                         "DELETE FROM ids WHERE source = ? AND t >= ?",
                                         "ii", row, from_ms),
                          err) &&
            sqlite_finish(
                store,
                sqlite_prepare(store, err,
                               "DELETE FROM ledger WHERE source = ? AND hour >= ?", "ii",
                               row, from_ms / MS_PER_HOUR),
                err));
}

static bool add_evidence(struct store *store, int64_t row,
                         const struct store_evidence *evidence, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < evidence->hour_count; i++) {
        const struct store_hour *hour = &evidence->hours[i];
        const struct bytes sum = {hour->id_sum, ID16_SIZE};
        ok = sqlite_finish(store,
                           sqlite_prepare(store, err,
                                          "INSERT OR IGNORE INTO ledger (source, hour,"
                                          " delivered, id_sum, delay_max)"
                                          " VALUES (?, ?, ?, ?, ?)",
                                          "iiibi", row, hour->hour, hour->delivered, sum,
                                          hour->delay_max_ms),
                           err);
    }
    for (size_t i = 0; ok && i < evidence->gap_count; i++) {
        ok = sqlite_told_gap(store, row, &evidence->gaps[i], err);
    }
    return ok;
}

static bool place(struct store *store, const struct claim *claim,
                  const struct store_placement *placement, struct error *err)
{
    int64_t row = 0;
    return sqlite_lease_check(store, claim, &row, err) &&
           move(store, row, placement->cursor, err) &&
           forget(store, row, placement->forget_ms, err) &&
           (placement->evidence == NULL ||
            add_evidence(store, row, placement->evidence, err));
}

bool sqlite_hands_place(struct store *store, struct claim *claim,
                        const struct store_placement *placement, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_begin(store, true, err);
    if (ok) {
        ok = sqlite_end(store, place(store, claim, placement, err), err);
        claim->version += ok;
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool retire(struct store *store, const struct claim *claim, struct error *err)
{
    int64_t row = 0;
    int64_t now_ms = store->runtime->now_ms(store->runtime->context);
    return sqlite_lease_check(store, claim, &row, err) &&
           sqlite_finish(store,
                         sqlite_prepare(store, err,
                                        "UPDATE source SET retired = ? WHERE id = ?",
                                        "ii", now_ms, row),
                         err);
}

bool sqlite_hands_retire(struct store *store, const struct claim *claim,
                         struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    bool ok = sqlite_begin(store, true, err);
    if (ok) {
        ok = sqlite_end(store, retire(store, claim, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}
