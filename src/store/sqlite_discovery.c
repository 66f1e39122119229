#include "store/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>

static json_t *read_row(sqlite3_stmt *statement)
{
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    const char *found = (const char *)sqlite3_column_text(statement, 1);
    json_t *row = json_pack("{s:s, s:o?}", "name", name == NULL ? "" : name, "found",
                            found == NULL ? NULL : json_loads(found, 0, NULL));
    if (sqlite3_column_type(statement, 2) != SQLITE_NULL) {
        json_object_set_new(row, "gone",
                            json_integer(sqlite3_column_int64(statement, 2)));
    }
    return row;
}

static bool read_rows(struct store *store, const char *entry, json_t *known,
                      struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(
        store, err,
        "SELECT name, found, gone FROM discovery WHERE entry = ? ORDER BY name", "t",
        entry);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    while (ok && has_row) {
        json_t *row = read_row(statement);
        if (json_is_object(json_object_get(row, "found"))) {
            json_array_append(known, row);
        } else {
            ok = error_set(err, ERROR_STATE,
                           "store %s: what was discovered of %s is unreadable",
                           store->path, entry);
        }
        json_decref(row);
        ok = ok && sqlite_step(store, statement, &has_row, err);
    }
    sqlite3_finalize(statement);
    return ok;
}

bool sqlite_discovery_read(struct store *store, const char *entry, json_t **known,
                           struct error *err)
{
    json_t *rows = json_array();
    pthread_mutex_lock(&store->mutex);
    bool ok = read_rows(store, entry, rows, err);
    pthread_mutex_unlock(&store->mutex);
    if (!ok) {
        json_decref(rows);
        return false;
    }
    *known = rows;
    return true;
}

static bool write_row(struct store *store, const char *entry, const json_t *row,
                      struct error *err)
{
    char *found = json_dumps(json_object_get(row, "found"), JSON_COMPACT);
    bool ok = sqlite_finish(
        store,
        sqlite_prepare(store, err, "INSERT INTO discovery VALUES (?, ?, ?, nullif(?, 0))",
                       "ttti", entry, json_string_value(json_object_get(row, "name")),
                       found, (int64_t)json_integer_value(json_object_get(row, "gone"))),
        err);
    free(found);
    return ok;
}

static bool write_rows(struct store *store, const char *entry, const json_t *known,
                       struct error *err)
{
    bool ok = sqlite_finish(
        store,
        sqlite_prepare(store, err, "DELETE FROM discovery WHERE entry = ?", "t", entry),
        err);
    for (size_t i = 0; ok && i < json_array_size(known); i++) {
        ok = write_row(store, entry, json_array_get(known, i), err);
    }
    return ok;
}

bool sqlite_discovery_write(struct store *store, const char *entry, const json_t *known,
                            struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    /* A power cut may undo it: the next start finds the same again. */
    bool ok = sqlite_begin(store, false, err);
    if (ok) {
        ok = sqlite_end(store, write_rows(store, entry, known, err), err);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}
