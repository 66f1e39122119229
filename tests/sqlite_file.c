#include "sqlite_file.h"

#include "base/mem.h"

#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char folder[] = "/tmp/auditbridge-sqlite-XXXXXX";

struct suite_clock file_clock;
struct runtime file_runtime;

bool file_start(void)
{
    file_runtime = suite_runtime(&file_clock);
    return mkdtemp(folder) != NULL;
}

static int remove_one(const char *path, const struct stat *found, int kind,
                      struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path);
}

void file_end(void)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int file_reset_clock(void **state)
{
    (void)state;
    file_clock.now_ms = INT64_C(1760000400000);
    return 0;
}

const char *file_folder(void)
{
    return folder;
}

json_t *file_settings(void)
{
    static int number;
    number++;
    return json_pack("{s:o}", "path", json_sprintf("%s/%d/store.db", folder, number));
}

const char *file_path(const json_t *settings)
{
    return json_string_value(json_object_get(settings, "path"));
}

bool file_open(const json_t *settings, struct store **store, struct error *err)
{
    return store_sqlite.open(settings, &file_runtime, store, err);
}

bool file_claim(struct store *store, const char *source, struct claim *claim,
                struct error *err)
{
    return suite_claim(&store_sqlite, store, source, claim, err);
}

json_t *file_closed_store(void)
{
    struct store *store = NULL;
    struct error err = {0};
    json_t *settings = file_settings();
    assert_true(file_open(settings, &store, &err));
    store_sqlite.close(store);
    return settings;
}

void file_run(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

int64_t file_number(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}
