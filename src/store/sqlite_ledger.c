#include "store/ledger.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>

/* What one hour gains by a batch; sink is NULL in what was settled. */
struct part {
    const char *sink;
    struct store_tally hour;
    int64_t delay_max_ms;
};

struct parts {
    struct part *items;
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

static bool is_same_sink(const char *left, const char *right)
{
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static struct part *part_find(struct parts *parts, const char *sink, int64_t hour)
{
    for (size_t i = parts->count; i-- > 0;) { /* neighbours share an hour */
        struct part *part = &parts->items[i];
        if (part->hour.hour == hour && is_same_sink(part->sink, sink)) {
            return part;
        }
    }
    parts->items = mem_resize(parts->items, parts->count + 1, sizeof(*parts->items));
    struct part *part = &parts->items[parts->count++];
    *part = (struct part){.sink = sink, .hour.hour = hour};
    return part;
}

static void count_event(struct parts *parts, const char *sink,
                        const struct store_delivered *event, int64_t now_ms)
{
    struct part *part = part_find(parts, sink, event->time_ms / MS_PER_HOUR);
    int64_t delay_ms = now_ms - event->time_ms;
    part->hour.count++;
    part->delay_max_ms = delay_ms > part->delay_max_ms ? delay_ms : part->delay_max_ms;
    add_id(part->hour.id_sum, event->id16);
}

static void count_all(struct parts *parts, const struct store_commit *commit,
                      const bool *is_new)
{
    for (size_t i = 0; i < commit->delivered_count; i++) {
        if (is_new[i]) {
            count_event(parts, NULL, &commit->delivered[i], commit->now_ms);
        }
    }
    for (size_t i = 0; i < commit->letter_count; i++) {
        const struct store_letter *letter = &commit->letters[i];
        if (letter->delivered < commit->delivered_count && is_new[letter->delivered]) {
            count_event(parts, letter->sink, &commit->delivered[letter->delivered],
                        commit->now_ms);
        }
    }
}

/* Adds what the file has of the part already to its sum. */
static bool add_stored_sum(struct store *store, int64_t row, struct part *part,
                           struct error *err)
{
    bool has_row = false;
    const char *sql = part->sink == NULL
                          ? "SELECT id_sum FROM ledger WHERE source = ? AND hour = ?"
                          : "SELECT id_sum FROM refusal WHERE source = ? AND hour = ?"
                            " AND sink = ?";
    sqlite3_stmt *found =
        sqlite_prepare(store, err, sql, part->sink == NULL ? "ii" : "iit", row,
                       part->hour.hour, part->sink);
    bool ok = found != NULL && sqlite_step(store, found, &has_row, err);
    if (ok && has_row && sqlite3_column_bytes(found, 0) == ID16_SIZE) {
        add_id(part->hour.id_sum, sqlite3_column_blob(found, 0));
    }
    sqlite3_finalize(found);
    return ok;
}

static bool add_part(struct store *store, int64_t row, struct part *part,
                     struct error *err)
{
    if (!add_stored_sum(store, row, part, err)) {
        return false;
    }
    const struct bytes sum = {part->hour.id_sum, ID16_SIZE};
    sqlite3_stmt *statement =
        part->sink == NULL
            ? sqlite_prepare(store, err,
                             "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5)"
                             " ON CONFLICT DO UPDATE SET delivered = delivered + ?3,"
                             " id_sum = ?4, delay_max = max(delay_max, ?5)",
                             "iiibi", row, part->hour.hour, part->hour.count, sum,
                             part->delay_max_ms)
            : sqlite_prepare(store, err,
                             "INSERT INTO refusal VALUES (?1, ?2, ?3, ?4, ?5)"
                             " ON CONFLICT DO UPDATE SET refused = refused + ?4,"
                             " id_sum = ?5",
                             "iitib", row, part->hour.hour, part->sink, part->hour.count,
                             sum);
    return sqlite_finish(store, statement, err);
}

bool sqlite_ledger_add(struct store *store, int64_t row,
                       const struct store_commit *commit, const bool *is_new,
                       struct error *err)
{
    struct parts parts = {0};
    count_all(&parts, commit, is_new);
    bool ok = true;
    for (size_t i = 0; ok && i < parts.count; i++) {
        ok = add_part(store, row, &parts.items[i], err);
    }
    free(parts.items);
    return ok;
}

/* Columns hour, count and sum from column on. */
static struct store_tally hour_of(sqlite3_stmt *row, int column)
{
    struct store_tally hour = {.hour = sqlite3_column_int64(row, column),
                               .count = sqlite3_column_int64(row, column + 1)};
    if (sqlite3_column_bytes(row, column + 2) == ID16_SIZE) {
        memcpy(hour.id_sum, sqlite3_column_blob(row, column + 2), ID16_SIZE);
    }
    return hour;
}

static void take_hour(struct store_ledger *ledger, sqlite3_stmt *row)
{
    ledger->hours =
        mem_resize(ledger->hours, ledger->hour_count + 1, sizeof(*ledger->hours));
    ledger->hours[ledger->hour_count++] = hour_of(row, 0);
}

static void take_refusal(struct store_ledger *ledger, sqlite3_stmt *row)
{
    ledger->refusals = mem_resize(ledger->refusals, ledger->refusal_count + 1,
                                  sizeof(*ledger->refusals));
    ledger->refusals[ledger->refusal_count++] = (struct store_refusal){
        hour_of(row, 0), mem_dup((const char *)sqlite3_column_text(row, 3))};
}

static void take_gap(struct store_ledger *ledger, sqlite3_stmt *row)
{
    ledger->gaps = mem_resize(ledger->gaps, ledger->gap_count + 1, sizeof(*ledger->gaps));
    ledger->gaps[ledger->gap_count++] = (struct store_gap){
        sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), NULL};
}

/* One table of the ledger: its rows in [from, to), given to take one by one. */
struct reading {
    const char *sql; /* source, from and to */
    int64_t from;
    int64_t to;
    void (*take)(struct store_ledger *ledger, sqlite3_stmt *row);
};

static bool read_table(struct store *store, const char *source,
                       const struct reading *reading, struct store_ledger *ledger,
                       struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(store, err, reading->sql, "tii", source,
                                             reading->from, reading->to);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    while (ok && has_row) {
        reading->take(ledger, statement);
        ok = sqlite_step(store, statement, &has_row, err);
    }
    sqlite3_finalize(statement);
    return ok;
}

#define OF_SOURCE "source = (SELECT id FROM source WHERE name = ?1)"

bool sqlite_ledger_read(struct store *store, const struct store_stretch *stretch,
                        struct store_ledger *ledger, struct error *err)
{
    int64_t first = stretch->from_ms / MS_PER_HOUR;
    int64_t last = (stretch->to_ms + MS_PER_HOUR - 1) / MS_PER_HOUR;
    const struct reading readings[] = {
        {"SELECT hour, delivered, id_sum FROM ledger WHERE " OF_SOURCE
         " AND hour >= ?2 AND hour < ?3 ORDER BY hour",
         first, last, take_hour},
        {"SELECT hour, refused, id_sum, sink FROM refusal WHERE " OF_SOURCE
         " AND hour >= ?2 AND hour < ?3 ORDER BY hour, sink",
         first, last, take_refusal},
        {"SELECT from_ms, to_ms FROM gap WHERE " OF_SOURCE
         " AND to_ms > ?2 AND from_ms < ?3 ORDER BY from_ms",
         stretch->from_ms, stretch->to_ms, take_gap},
    };
    *ledger = (struct store_ledger){0};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(readings) / sizeof(readings[0]); i++) {
        ok = read_table(store, stretch->source, &readings[i], ledger, err);
    }
    return ok;
}
