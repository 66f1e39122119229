/* store/sqlite.c: what any store promises, and what only a file can get wrong. */
#include "base/mem.h"
#include "base/timestamp.h"
#include "sqlite_file.h"
#include "store/store.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void refuses(json_t *settings, enum error_kind kind, const char *part)
{
    struct store *store = NULL;
    struct error err = {0};
    assert_false(file_open(settings, &store, &err));
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
    json_t *settings = file_settings();
    mode_t old = umask(0);
    assert_true(file_open(settings, &store, &err));
    umask(old);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char *path = mem_format("%s%s", file_path(settings), suffixes[i]);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
        free(path);
    }
    char *directory = mem_dup(file_path(settings));
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
    json_t *settings = file_closed_store();
    assert_int_equal(chmod(file_path(settings), 0640), 0);
    refuses(settings, ERROR_CONFIG, "chmod 600");
}

static void a_directory_is_no_store(void **state)
{
    (void)state;
    refuses(json_pack("{s:s}", "path", file_folder()), ERROR_CONFIG, "is a directory");
}

static void no_path_is_refused(void **state)
{
    (void)state;
    refuses(json_object(), ERROR_CONFIG, "path");
}

static void a_missing_grandparent_is_named(void **state)
{
    (void)state;
    json_t *path = json_sprintf("%s/no/such/store.db", file_folder());
    refuses(json_pack("{s:o}", "path", path), ERROR_CONFIG, "no/such");
}

static void a_damaged_file_is_refused_by_name(void **state)
{
    (void)state;
    json_t *settings = file_closed_store();
    FILE *file = fopen(file_path(settings), "r+b");
    assert_non_null(file);
    fputs("this is not a database, whatever its length says", file);
    fclose(file);
    refuses(settings, ERROR_STATE, "store.db");
}

static void another_programs_database_is_refused(void **state)
{
    (void)state;
    json_t *settings = file_closed_store();
    file_run(file_path(settings), "DROP TABLE meta");
    refuses(settings, ERROR_CONFIG, "another program");
}

static void a_newer_schema_is_refused_naming_both_versions(void **state)
{
    (void)state;
    json_t *settings = file_closed_store();
    file_run(file_path(settings), "UPDATE meta SET value = 70 WHERE key = 'schema'");
    refuses(settings, ERROR_CONFIG, "version 70 and this program knows up to ");
}

static void an_older_schema_is_migrated_with_a_copy_beside_it(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct error err = {0};
    struct stat found;
    json_t *settings = file_settings();
    char *directory = mem_dup(file_path(settings));
    *strrchr(directory, '/') = '\0';
    assert_int_equal(mkdir(directory, 0700), 0);
    file_run(file_path(settings), "CREATE TABLE meta (key TEXT PRIMARY KEY, value)"
                                  " WITHOUT ROWID; INSERT INTO meta VALUES ('schema', 0),"
                                  " ('kept', 42)");
    assert_int_equal(chmod(file_path(settings), 0600), 0);
    assert_true(file_open(settings, &store, &err));
    store_sqlite.close(store);

    char *copy = mem_format("%s.schema-0", file_path(settings));
    assert_int_equal(stat(copy, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(file_number(copy, "SELECT value FROM meta WHERE key = 'kept'"), 42);
    assert_int_equal(file_number(copy, "SELECT value FROM meta WHERE key = 'schema'"), 0);
    json_t *fresh = file_closed_store();
    assert_int_equal(
        file_number(file_path(settings), "SELECT value FROM meta WHERE key = 'schema'"),
        file_number(file_path(fresh), "SELECT value FROM meta WHERE key = 'schema'"));
    json_decref(fresh);
    assert_int_equal(
        file_number(file_path(settings), "SELECT value FROM meta WHERE key = 'kept'"),
        42);
    free(copy);
    free(directory);
    json_decref(settings);
}

/* Leaves the source held by an owner row that sql then changes. */
static json_t *held_store(const char *sql)
{
    json_t *settings = file_closed_store();
    char *all = mem_format("INSERT INTO owner VALUES (900, 'elsewhere', 'other', %d, 1,"
                           " %lld, %lld); INSERT INTO source (name, owner) VALUES"
                           " ('prod', 900); %s",
                           (int)getpid(), (long long)file_clock.now_ms,
                           (long long)file_clock.now_ms + STORE_LEASE_MS, sql);
    file_run(file_path(settings), all);
    free(all);
    return settings;
}

static bool can_claim(const json_t *settings, struct error *err)
{
    struct store *store = NULL;
    struct claim claim = {0};
    assert_true(file_open(settings, &store, err));
    bool ok = file_claim(store, "prod", &claim, err);
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
    file_clock.now_ms += STORE_LEASE_MS;
    assert_true(can_claim(settings, &err));
    json_decref(settings);
}

static void a_reused_process_number_does_not_hold_a_lease(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    json_t *settings = held_store("");
    assert_true(file_open(settings, &store, &err)); /* its row tells our own scope */
    file_run(file_path(settings),
             "UPDATE owner SET scope = (SELECT scope FROM owner WHERE"
             " id <> 900) WHERE id = 900");
    store_sqlite.close(store);
    assert_true(can_claim(settings, &err));
    json_decref(settings);
}

static void the_lease_of_a_killed_process_is_free_at_once(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *settings = file_closed_store();
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        struct claim claim = {0};
        if (!file_open(settings, &store, &err) ||
            !file_claim(store, "prod", &claim, &err)) {
            _exit(1);
        }
        raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(file_number(file_path(settings), "SELECT count(*) FROM owner"), 1);
    assert_true(can_claim(settings, &err));
    json_decref(settings);
}

static void a_lock_held_by_another_process_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    sqlite3 *db = NULL;
    json_t *settings = file_settings();
    assert_true(file_open(settings, &store, &err));
    assert_int_equal(sqlite3_open(file_path(settings), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_false(file_claim(store, "prod", &claim, &err));
    assert_int_equal(err.kind, ERROR_STATE);
    assert_non_null(strstr(err.text, "locked by another process"));

    /* A thousand sources do not each wait as long. */
    time_t began = time(NULL);
    for (int i = 0; i < 10; i++) {
        assert_false(file_claim(store, "prod", &claim, &err));
    }
    assert_true(time(NULL) - began < 20); /* it was 50 */
    sqlite3_close(db);
    err = (struct error){0};
    assert_true(file_claim(store, "prod", &claim, &err));
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

int main(void)
{
    if (!file_start()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(files_and_directory_are_ours_alone, file_reset_clock),
        cmocka_unit_test_setup(a_file_that_others_can_read_is_refused_with_the_remedy,
                               file_reset_clock),
        cmocka_unit_test_setup(a_directory_is_no_store, file_reset_clock),
        cmocka_unit_test_setup(no_path_is_refused, file_reset_clock),
        cmocka_unit_test_setup(a_missing_grandparent_is_named, file_reset_clock),
        cmocka_unit_test_setup(a_damaged_file_is_refused_by_name, file_reset_clock),
        cmocka_unit_test_setup(another_programs_database_is_refused, file_reset_clock),
        cmocka_unit_test_setup(a_newer_schema_is_refused_naming_both_versions,
                               file_reset_clock),
        cmocka_unit_test_setup(an_older_schema_is_migrated_with_a_copy_beside_it,
                               file_reset_clock),
        cmocka_unit_test_setup(another_hosts_lease_is_waited_for, file_reset_clock),
        cmocka_unit_test_setup(a_reused_process_number_does_not_hold_a_lease,
                               file_reset_clock),
        cmocka_unit_test_setup(the_lease_of_a_killed_process_is_free_at_once,
                               file_reset_clock),
        cmocka_unit_test_setup(a_lock_held_by_another_process_is_named, file_reset_clock),
    };
    int failed = store_suite_run(&store_sqlite, file_settings) +
                 cmocka_run_group_tests_name("sqlite_file", tests, NULL, NULL);
    file_end();
    return failed;
}
