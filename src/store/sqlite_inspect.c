#include "store/inspect.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* The columns of sources_sql, in its order. */
enum {
    SOURCE_NAME,
    SOURCE_START,
    SOURCE_MARKS,
    SOURCE_SPAN = SOURCE_MARKS + SLICE_PASSES,
    SOURCE_A,
    SOURCE_B,
    SOURCE_BEGAN,
    SOURCE_PLACE,
    SOURCE_DUE,
    SOURCE_RETIRED,
    SOURCE_DELIVERED,
    SOURCE_NEWEST,
    SOURCE_GAPS,
    SOURCE_LETTERS,
    SOURCE_IDS,
    OWNER_ID,
    OWNER_HOST,
    OWNER_SCOPE,
    OWNER_PID,
    OWNER_STARTED,
    OWNER_HEARTBEAT,
    OWNER_UNTIL,
};

/* Backfills (NAME~FROM~TO) are no sources to people; one is found by its name. */
/* A run that read a retired source after all has left it due later than that. */
static const char sources_sql[] =
    "SELECT s.name, s.start, s.mark1, s.mark2, s.mark3, s.mark4, s.span, s.slice_a,"
    " s.slice_b, s.slice_began, s.place, s.due, s.retired IS NOT NULL AND s.due <= "
    "s.retired,"
    " (SELECT sum(delivered) FROM ledger WHERE source = s.id AND hour >= ?1),"
    " (SELECT max(hour) FROM ledger WHERE source = s.id),"
    " (SELECT count(*) FROM gap WHERE source = s.id"
    "  AND reason NOT LIKE '%dead letters%'),"
    " (SELECT count(*) FROM dead_letter WHERE source = s.id),"
    " CASE WHEN ?2 THEN (SELECT count(*) FROM ids WHERE source = s.id) ELSE -1 END,"
    " o.id, o.host, o.scope, o.pid, o.started, o.heartbeat, o.valid_until"
    " FROM source s LEFT JOIN owner o ON o.id = s.owner"
    " WHERE s.name = ?3 OR (?3 IS NULL AND instr(s.name, '~') = 0) ORDER BY s.name";

static char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return mem_dup(text == NULL ? "" : text);
}

static bool open_to_read(const json_t *settings, const struct runtime *runtime,
                         struct store **out, struct error *err)
{
    bool exists = false;
    bool is_empty = false;
    const char *path = json_string_value(json_object_get(settings, "path"));
    *out = NULL;
    if (path == NULL || path[0] == '\0') {
        return error_set(err, ERROR_CONFIG, "store: \"path\" must name a file");
    }
    if (!sqlite_files_check(path, &exists, err)) {
        return false;
    }
    if (!exists) {
        return true;
    }
    struct store *store = sqlite_new(path, runtime);
    bool ok =
        sqlite_connect(store, true, err) && sqlite_schema_check(store, &is_empty, err);
    if (!ok || is_empty) {
        store_sqlite.close(store);
        return ok;
    }
    *out = store;
    return true;
}

static void read_owner(sqlite3_stmt *row, struct owner *owner)
{
    const char *host = (const char *)sqlite3_column_text(row, OWNER_HOST);
    const char *scope = (const char *)sqlite3_column_text(row, OWNER_SCOPE);
    *owner = (struct owner){.pid = sqlite3_column_int64(row, OWNER_PID),
                            .started = sqlite3_column_int64(row, OWNER_STARTED)};
    snprintf(owner->host, sizeof(owner->host), "%s", host == NULL ? "" : host);
    snprintf(owner->scope, sizeof(owner->scope), "%s", scope == NULL ? "" : scope);
}

/* The last owner that was asked about: one process holds many sources. */
struct holder {
    int64_t id;
    bool is_alive;
};

/* The same question as a claim asks before it takes a source over. */
static bool is_held(const struct store *store, sqlite3_stmt *row, struct holder *last)
{
    int64_t id = sqlite3_column_int64(row, OWNER_ID);
    if (id != 0 && id != last->id) {
        struct owner owner;
        int64_t now_ms = store->runtime->now_ms(store->runtime->context);
        read_owner(row, &owner);
        *last =
            (struct holder){.id = id,
                            .is_alive = now_ms < sqlite3_column_int64(row, OWNER_UNTIL) &&
                                        sqlite3_column_int64(row, OWNER_HEARTBEAT) <=
                                            now_ms + STORE_LEASE_MS &&
                                        !owner_is_gone(&owner, &store->self)};
    }
    return id != 0 && last->is_alive;
}

static void read_cursor(sqlite3_stmt *row, struct cursor *cursor)
{
    cursor->start_ms = sqlite3_column_int64(row, SOURCE_START);
    for (int i = 0; i < SLICE_PASSES; i++) {
        cursor->mark_ms[i] = sqlite3_column_int64(row, SOURCE_MARKS + i);
    }
    cursor->span_ms = sqlite3_column_int64(row, SOURCE_SPAN);
    cursor->is_open = sqlite3_column_type(row, SOURCE_A) != SQLITE_NULL;
    cursor->slice.a_ms = sqlite3_column_int64(row, SOURCE_A);
    cursor->slice.b_ms = sqlite3_column_int64(row, SOURCE_B);
    cursor->slice.began_ms = sqlite3_column_int64(row, SOURCE_BEGAN);
    const char *place = (const char *)sqlite3_column_text(row, SOURCE_PLACE);
    cursor->place = place == NULL ? NULL : json_loads(place, JSON_DECODE_ANY, NULL);
}

static void read_source(const struct store *store, sqlite3_stmt *row, struct holder *last,
                        struct store_source *source)
{
    bool has_newest = sqlite3_column_type(row, SOURCE_NEWEST) != SQLITE_NULL;
    *source = (struct store_source){
        .name = text_of(row, SOURCE_NAME),
        .is_new = sqlite3_column_type(row, SOURCE_START) == SQLITE_NULL,
        .is_retired = sqlite3_column_int(row, SOURCE_RETIRED) != 0,
        .is_held = is_held(store, row, last),
        .due_ms = sqlite3_column_int64(row, SOURCE_DUE),
        .delivered_lately = sqlite3_column_int64(row, SOURCE_DELIVERED),
        .newest_ms =
            has_newest ? (sqlite3_column_int64(row, SOURCE_NEWEST) + 1) * MS_PER_HOUR : 0,
        .gap_count = sqlite3_column_int64(row, SOURCE_GAPS),
        .letter_count = sqlite3_column_int64(row, SOURCE_LETTERS),
        .id_count = sqlite3_column_int64(row, SOURCE_IDS),
    };
    if (source->is_held) {
        source->holder_pid = sqlite3_column_int64(row, OWNER_PID);
        source->holder_host = text_of(row, OWNER_HOST);
    }
    read_cursor(row, &source->cursor);
}

static bool read_sources(struct store *store, const struct store_wanted *wanted,
                         struct store_sources *out, struct error *err)
{
    struct holder last = {0};
    size_t room = 0;
    bool has_row = false;
    sqlite3_stmt *row =
        sqlite_prepare(store, err, sources_sql, "iit", wanted->since_ms / MS_PER_HOUR,
                       (int64_t)wanted->has_ids, wanted->name);
    bool ok = row != NULL;
    while (ok && (ok = sqlite_step(store, row, &has_row, err)) && has_row) {
        if (out->count == room) {
            room = room == 0 ? 64 : 2 * room;
            out->items = mem_resize(out->items, room, sizeof(*out->items));
        }
        read_source(store, row, &last, &out->items[out->count]);
        out->count++;
    }
    sqlite3_finalize(row);
    return ok;
}

static bool read_hours(struct store *store, const char *source,
                       struct store_evidence *out, struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *row =
        sqlite_prepare(store, err,
                       "SELECT hour, delivered, delay_max, id_sum FROM ledger WHERE"
                       " source = (SELECT id FROM source WHERE name = ?) ORDER BY hour",
                       "t", source);
    bool ok = row != NULL;
    while (ok && (ok = sqlite_step(store, row, &has_row, err)) && has_row) {
        out->hours = mem_resize(out->hours, out->hour_count + 1, sizeof(*out->hours));
        struct store_hour *hour = &out->hours[out->hour_count++];
        *hour = (struct store_hour){.hour = sqlite3_column_int64(row, 0),
                                    .delivered = sqlite3_column_int64(row, 1),
                                    .delay_max_ms = sqlite3_column_int64(row, 2)};
        if (sqlite3_column_bytes(row, 3) == ID16_SIZE) {
            memcpy(hour->id_sum, sqlite3_column_blob(row, 3), ID16_SIZE);
        }
    }
    sqlite3_finalize(row);
    return ok;
}

static bool read_gaps(struct store *store, const char *source, struct store_evidence *out,
                      struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *row =
        sqlite_prepare(store, err,
                       "SELECT from_ms, to_ms, reason FROM gap WHERE source ="
                       " (SELECT id FROM source WHERE name = ?) ORDER BY from_ms, reason",
                       "t", source);
    bool ok = row != NULL;
    while (ok && (ok = sqlite_step(store, row, &has_row, err)) && has_row) {
        out->gaps = mem_resize(out->gaps, out->gap_count + 1, sizeof(*out->gaps));
        out->gaps[out->gap_count++] =
            (struct store_gap){.from_ms = sqlite3_column_int64(row, 0),
                               .to_ms = sqlite3_column_int64(row, 1),
                               .reason = text_of(row, 2)};
    }
    sqlite3_finalize(row);
    return ok;
}

static bool read_evidence(struct store *store, const char *source,
                          struct store_evidence *out, struct error *err)
{
    return read_hours(store, source, out, err) && read_gaps(store, source, out, err);
}

static void read_letter(sqlite3_stmt *row, bool has_event, struct store_dead *letter)
{
    *letter = (struct store_dead){
        .id = sqlite3_column_int64(row, 0),
        .at_ms = sqlite3_column_int64(row, 1),
        .source = text_of(row, 2),
        .event_id = text_of(row, 3),
        .sink = text_of(row, 4),
        .reason = text_of(row, 5),
        .size = sqlite3_column_int64(row, 6),
    };
    if (has_event) {
        const void *event = sqlite3_column_blob(row, 7);
        int size = sqlite3_column_bytes(row, 7);
        letter->event = mem_dup_bytes(event == NULL ? "" : event, (size_t)size);
    }
}

static bool read_letters(struct store *store, const struct store_letter_filter *filter,
                         struct store_letters *out, struct error *err)
{
    size_t room = 0;
    bool has_row = false;
    int64_t after = filter->id > 0 ? filter->id - 1 : filter->after_id;
    sqlite3_stmt *row = sqlite_prepare(
        store, err,
        "SELECT d.id, d.at, s.name, d.event_id, d.sink, d.reason, length(d.event),"
        " CASE WHEN ?1 THEN d.event END"
        " FROM dead_letter d JOIN source s ON s.id = d.source"
        " WHERE d.id > ?2 AND d.id <= ?3 AND d.at < ?4 AND (?5 IS NULL OR d.sink = ?5)"
        " AND (?6 IS NULL OR s.name = ?6) ORDER BY d.id LIMIT ?7",
        "iiiitti", (int64_t)filter->has_event, after,
        filter->id > 0 ? filter->id : INT64_MAX, filter->before_ms, filter->sink,
        filter->source, filter->count_max > 0 ? filter->count_max : INT64_C(-1));
    bool ok = row != NULL;
    while (ok && (ok = sqlite_step(store, row, &has_row, err)) && has_row) {
        if (out->count == room) {
            room = room == 0 ? 64 : 2 * room;
            out->items = mem_resize(out->items, room, sizeof(*out->items));
        }
        read_letter(row, filter->has_event, &out->items[out->count]);
        out->count++;
    }
    sqlite3_finalize(row);
    return ok;
}

const struct store_inspect sqlite_inspect = {
    .open = open_to_read,
    .sources = read_sources,
    .evidence = read_evidence,
    .letters = read_letters,
    .letters_taken = sqlite_hands_taken,
    .letters_purge = sqlite_hands_purge,
    .place = sqlite_hands_place,
    .retire = sqlite_hands_retire,
};
