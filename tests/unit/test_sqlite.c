#define _XOPEN_SOURCE 700 /* nftw */

/* store/sqlite.c: what any store promises, and what only a file can get wrong. */
#include "base/mem.h"
#include "base/timestamp.h"
#include "store/store.h"
#include "store_suite.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BATCH = 1000 };

static const int64_t origin_ms = INT64_C(1760000400000);

static char folder[] = "/tmp/auditbridge-sqlite-XXXXXX";
static struct suite_clock the_clock;
static struct runtime the_runtime;

static json_t *empty_settings(void)
{
    static int number;
    number++;
    return json_pack("{s:o}", "path", json_sprintf("%s/%d/store.db", folder, number));
}

static const char *path_of(const json_t *settings)
{
    return json_string_value(json_object_get(settings, "path"));
}

static bool open_store(const json_t *settings, struct store **store, struct error *err)
{
    return store_sqlite.open(settings, &the_runtime, store, err);
}

/* A path whose directory exists, with an empty store in it, closed. */
static json_t *closed_store(void)
{
    struct store *store = NULL;
    struct error err = {0};
    json_t *settings = empty_settings();
    assert_true(open_store(settings, &store, &err));
    store_sqlite.close(store);
    return settings;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int64_t number_of(const char *path, const char *sql)
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

static void refuses(json_t *settings, enum error_kind kind, const char *part)
{
    struct store *store = NULL;
    struct error err = {0};
    assert_false(open_store(settings, &store, &err));
    assert_null(store);
    assert_int_equal(err.kind, kind);
    if (strstr(err.text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    }
    json_decref(settings);
}

static void files_and_directory_are_ours_alone(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct error err = {0};
    struct stat found;
    json_t *settings = empty_settings();
    mode_t old = umask(0);
    assert_true(open_store(settings, &store, &err));
    umask(old);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char *path = mem_format("%s%s", path_of(settings), suffixes[i]);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
        free(path);
    }
    char *directory = mem_dup(path_of(settings));
    *strrchr(directory, '/') = '\0';
    assert_int_equal(stat(directory, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    free(directory);
    store_sqlite.close(store);
    json_decref(settings);
}

static void a_file_that_others_can_read_is_refused_with_the_remedy(void **state)
{
    (void)state;
    json_t *settings = closed_store();
    assert_int_equal(chmod(path_of(settings), 0640), 0);
    refuses(settings, ERROR_CONFIG, "chmod 600");
}

static void a_directory_is_no_store(void **state)
{
    (void)state;
    refuses(json_pack("{s:s}", "path", folder), ERROR_CONFIG, "is a directory");
}

static void no_path_is_refused(void **state)
{
    (void)state;
    refuses(json_object(), ERROR_CONFIG, "path");
}

static void a_missing_grandparent_is_named(void **state)
{
    (void)state;
    json_t *path = json_sprintf("%s/no/such/store.db", folder);
    refuses(json_pack("{s:o}", "path", path), ERROR_CONFIG, "no/such");
}

static void a_damaged_file_is_refused_by_name(void **state)
{
    (void)state;
    json_t *settings = closed_store();
    FILE *file = fopen(path_of(settings), "r+b");
    assert_non_null(file);
    fputs("this is not a database, whatever its length says", file);
    fclose(file);
    refuses(settings, ERROR_STATE, "store.db");
}

static void another_programs_database_is_refused(void **state)
{
    (void)state;
    json_t *settings = closed_store();
    run_sql(path_of(settings), "DROP TABLE meta");
    refuses(settings, ERROR_CONFIG, "another program");
}

static void a_newer_schema_is_refused_naming_both_versions(void **state)
{
    (void)state;
    json_t *settings = closed_store();
    run_sql(path_of(settings), "UPDATE meta SET value = 7 WHERE key = 'schema'");
    refuses(settings, ERROR_CONFIG, "version 7 and this program knows up to 1");
}

static void an_older_schema_is_migrated_with_a_copy_beside_it(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct error err = {0};
    struct stat found;
    json_t *settings = empty_settings();
    char *directory = mem_dup(path_of(settings));
    *strrchr(directory, '/') = '\0';
    assert_int_equal(mkdir(directory, 0700), 0);
    run_sql(path_of(settings), "CREATE TABLE meta (key TEXT PRIMARY KEY, value)"
                               " WITHOUT ROWID; INSERT INTO meta VALUES ('schema', 0),"
                               " ('kept', 42)");
    assert_int_equal(chmod(path_of(settings), 0600), 0);
    assert_true(open_store(settings, &store, &err));
    store_sqlite.close(store);

    char *copy = mem_format("%s.schema-0", path_of(settings));
    assert_int_equal(stat(copy, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(number_of(copy, "SELECT value FROM meta WHERE key = 'kept'"), 42);
    assert_int_equal(number_of(copy, "SELECT value FROM meta WHERE key = 'schema'"), 0);
    assert_int_equal(
        number_of(path_of(settings), "SELECT value FROM meta WHERE key = 'schema'"), 1);
    assert_int_equal(
        number_of(path_of(settings), "SELECT value FROM meta WHERE key = 'kept'"), 42);
    free(copy);
    free(directory);
    json_decref(settings);
}

/* Leaves the source held by an owner row that sql then changes. */
static json_t *held_store(const char *sql)
{
    json_t *settings = closed_store();
    char *all = mem_format("INSERT INTO owner VALUES (900, 'elsewhere', 'other', %d, 1,"
                           " %lld, %lld); INSERT INTO source (name, owner) VALUES"
                           " ('prod', 900); %s",
                           (int)getpid(), (long long)the_clock.now_ms,
                           (long long)the_clock.now_ms + STORE_LEASE_MS, sql);
    run_sql(path_of(settings), all);
    free(all);
    return settings;
}

static bool can_claim(const json_t *settings, struct error *err)
{
    struct store *store = NULL;
    struct claim claim = {0};
    assert_true(open_store(settings, &store, err));
    bool ok = store_sqlite.claim(store, "prod", &claim, err);
    claim_clear(&claim);
    store_sqlite.close(store);
    return ok;
}

static void another_hosts_lease_is_waited_for(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *settings = held_store("");
    assert_false(can_claim(settings, &err));
    assert_int_equal(err.kind, ERROR_BUSY);
    assert_non_null(strstr(err.text, "elsewhere"));
    the_clock.now_ms += STORE_LEASE_MS;
    assert_true(can_claim(settings, &err));
    json_decref(settings);
}

static void a_reused_process_number_does_not_hold_a_lease(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    json_t *settings = held_store("");
    assert_true(open_store(settings, &store, &err)); /* its row tells our own scope */
    run_sql(path_of(settings), "UPDATE owner SET scope = (SELECT scope FROM owner WHERE"
                               " id <> 900) WHERE id = 900");
    store_sqlite.close(store);
    assert_true(can_claim(settings, &err));
    json_decref(settings);
}

static void the_lease_of_a_killed_process_is_free_at_once(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *settings = closed_store();
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        struct claim claim = {0};
        if (!open_store(settings, &store, &err) ||
            !store_sqlite.claim(store, "prod", &claim, &err)) {
            _exit(1);
        }
        raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(number_of(path_of(settings), "SELECT count(*) FROM owner"), 1);
    assert_true(can_claim(settings, &err));
    json_decref(settings);
}

static bool commit_batch(struct store *store, struct claim *claim, uint32_t first,
                         struct error *err)
{
    struct store_delivered *events = mem_new(BATCH, sizeof(*events));
    for (uint32_t i = 0; i < BATCH; i++) {
        events[i] = suite_event(first + i);
    }
    struct cursor cursor = {.start_ms = 1, .mark_ms = {first, 0, 0, 0}};
    const struct store_commit commit = {
        .cursor = &cursor,
        .delivered = events,
        .delivered_count = BATCH,
        .now_ms = the_clock.now_ms,
        .forget_ms = INT64_MIN,
        .keeps_ids = true,
    };
    bool ok = store_sqlite.commit(store, claim, &commit, err);
    free(events);
    return ok;
}

static void a_full_disk_fails_the_commit_whole_and_later_it_goes_on(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    struct rlimit old;
    size_t before = 0;
    size_t after = 0;
    json_t *settings = empty_settings();
    assert_true(open_store(settings, &store, &err));
    assert_true(store_sqlite.claim(store, "prod", &claim, &err));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit small = {.rlim_cur = (rlim_t)256 << 10, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    uint32_t first = 0;
    while (first < 100 * BATCH && commit_batch(store, &claim, first, &err)) {
        first += BATCH;
    }
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(err.kind, ERROR_STATE);
    assert_non_null(strstr(err.text, "the disk is full"));
    assert_non_null(strstr(err.text, path_of(settings)));
    assert_true(store_sqlite.id_count(store, &claim, &before, &err));
    assert_int_equal(before, first);
    assert_true(commit_batch(store, &claim, first, &err));
    assert_true(store_sqlite.id_count(store, &claim, &after, &err));
    assert_int_equal(after, first + BATCH);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

static void a_lock_held_by_another_process_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    sqlite3 *db = NULL;
    json_t *settings = empty_settings();
    assert_true(open_store(settings, &store, &err));
    assert_int_equal(sqlite3_open(path_of(settings), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_false(store_sqlite.claim(store, "prod", &claim, &err));
    assert_int_equal(err.kind, ERROR_STATE);
    assert_non_null(strstr(err.text, "locked by another process"));
    sqlite3_close(db);
    store_sqlite.close(store);
    json_decref(settings);
}

static bool commit_letters(struct store *store, struct claim *claim, size_t count,
                           struct error *err)
{
    struct store_letter *letters = mem_new(count, sizeof(*letters));
    for (size_t i = 0; i < count; i++) {
        letters[i].event_id = mem_format("%lld:%zu", (long long)the_clock.now_ms, i);
        letters[i].sink = "siem";
        letters[i].reason = "mapper_parsing_exception";
        letters[i].event = bytes_of("{}");
    }
    struct cursor cursor = {.start_ms = 1};
    const struct store_commit commit = {
        .cursor = &cursor,
        .letters = letters,
        .letter_count = count,
        .now_ms = the_clock.now_ms,
        .forget_ms = INT64_MIN,
    };
    bool ok = store_sqlite.commit(store, claim, &commit, err);
    for (size_t i = 0; i < count; i++) {
        free((char *)letters[i].event_id);
    }
    free(letters);
    return ok;
}

static void old_and_too_many_dead_letters_expire_and_are_counted(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    json_t *settings = empty_settings();
    const char *path = path_of(settings);
    assert_true(open_store(settings, &store, &err));
    assert_true(store_sqlite.claim(store, "prod", &claim, &err));
    assert_true(commit_letters(store, &claim, 3, &err));
    the_clock.now_ms += (int64_t)STORE_LETTER_DAYS * MS_PER_DAY;
    assert_true(commit_letters(store, &claim, 2, &err));
    assert_int_equal(claim.letters_expired, 0); /* seven days are not yet over */
    the_clock.now_ms++;
    assert_true(commit_letters(store, &claim, 0, &err));
    assert_int_equal(claim.letters_expired, 3);

    the_clock.now_ms++;
    assert_true(commit_letters(store, &claim, STORE_LETTERS_MAX, &err));
    assert_int_equal(claim.letters_expired, 5);
    assert_int_equal(number_of(path, "SELECT count(*) FROM dead_letter"),
                     STORE_LETTERS_MAX);
    assert_int_equal(
        number_of(path, "SELECT count(*) FROM gap WHERE reason LIKE '%expired'"), 2);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

static void the_ledger_counts_an_event_once_however_often_it_comes(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    json_t *settings = empty_settings();
    const char *path = path_of(settings);
    assert_true(open_store(settings, &store, &err));
    assert_true(store_sqlite.claim(store, "prod", &claim, &err));
    assert_true(commit_batch(store, &claim, 500, &err));
    assert_true(commit_batch(store, &claim, 500, &err));
    assert_true(commit_batch(store, &claim, 1000, &err));
    assert_int_equal(number_of(path, "SELECT sum(delivered) FROM ledger"), 1500);
    assert_int_equal(number_of(path, "SELECT count(*) FROM ledger"), 2);
    assert_int_equal(number_of(path, "SELECT min(length(id_sum)) FROM ledger"), 16);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

static void a_gap_planned_again_is_one_row(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    struct store_gap gap = {10, 20, "never sealed"};
    struct store_gap again = {10, 25, "never sealed"};
    json_t *settings = empty_settings();
    assert_true(open_store(settings, &store, &err));
    assert_true(store_sqlite.claim(store, "prod", &claim, &err));
    assert_true(store_sqlite.gap(store, &claim, &gap, &err));
    assert_true(store_sqlite.gap(store, &claim, &again, &err));
    assert_true(store_sqlite.gap(store, &claim, &gap, &err));
    assert_int_equal(number_of(path_of(settings), "SELECT count(*) FROM gap"), 1);
    assert_int_equal(number_of(path_of(settings), "SELECT to_ms FROM gap"), 25);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

static int reset_clock(void **state)
{
    (void)state;
    the_clock.now_ms = origin_ms;
    return 0;
}

static int remove_one(const char *path, const struct stat *found, int kind,
                      struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path);
}

int main(void)
{
    the_runtime = suite_runtime(&the_clock);
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    int failed = store_suite_run(&store_sqlite, empty_settings);
#define CASE(name) cmocka_unit_test_setup(name, reset_clock)
    const struct CMUnitTest tests[] = {
        CASE(files_and_directory_are_ours_alone),
        CASE(a_file_that_others_can_read_is_refused_with_the_remedy),
        CASE(a_directory_is_no_store),
        CASE(no_path_is_refused),
        CASE(a_missing_grandparent_is_named),
        CASE(a_damaged_file_is_refused_by_name),
        CASE(another_programs_database_is_refused),
        CASE(a_newer_schema_is_refused_naming_both_versions),
        CASE(an_older_schema_is_migrated_with_a_copy_beside_it),
        CASE(another_hosts_lease_is_waited_for),
        CASE(a_reused_process_number_does_not_hold_a_lease),
        CASE(the_lease_of_a_killed_process_is_free_at_once),
        CASE(a_full_disk_fails_the_commit_whole_and_later_it_goes_on),
        CASE(a_lock_held_by_another_process_is_named),
        CASE(old_and_too_many_dead_letters_expire_and_are_counted),
        CASE(the_ledger_counts_an_event_once_however_often_it_comes),
        CASE(a_gap_planned_again_is_one_row),
    };
#undef CASE
    failed += cmocka_run_group_tests_name("sqlite_file", tests, NULL, NULL);
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed;
}
