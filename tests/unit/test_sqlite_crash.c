/*
 * Processes that are killed while they commit, and processes that compete: what is in
 * the file afterwards is a whole number of commits, and never two had one source.
 */
#include "base/mem.h"
#include "sqlite_file.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    KILLS = 40,
    EVENTS = 20, /* a commit */
    LETTERS = 2,
    WRITERS = 4,
    TURNS = 30, /* a writer */
};

static bool commit_next(struct store *store, struct claim *claim)
{
    struct store_delivered events[EVENTS];
    struct store_letter letters[LETTERS];
    char names[LETTERS][32];
    int64_t number = claim->version;
    for (size_t i = 0; i < EVENTS; i++) {
        events[i] = suite_event((uint32_t)(number * EVENTS) + (uint32_t)i);
    }
    for (size_t i = 0; i < LETTERS; i++) {
        snprintf(names[i], sizeof(names[i]), "%lld/%zu", (long long)number, i);
        letters[i] =
            (struct store_letter){names[i], "siem", "refused", bytes_of("{}"), 0};
    }
    struct cursor cursor = {.start_ms = 1, .mark_ms = {number + 1, 0, 0, 0}};
    const struct store_commit commit = {
        .cursor = &cursor,
        .delivered = events,
        .delivered_count = EVENTS,
        .letters = letters,
        .letter_count = LETTERS,
        .now_ms = file_clock.now_ms,
        .forget_ms = INT64_MIN,
        .keeps_ids = true,
    };
    return store_sqlite.commit(store, claim, &commit, NULL);
}

/* Commits for ever and tells each success; ends only when it is killed. */
static void commit_until_killed(const json_t *settings, int told)
{
    struct store *store = NULL;
    struct claim claim = {0};
    struct error err = {0};
    if (!file_open(settings, &store, &err) || !file_claim(store, "prod", &claim, &err)) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    while (commit_next(store, &claim) && write(told, "+", 1) == 1) {
    }
    _exit(1);
}

/* Kills a child in the middle of what it does; returns how many commits it told. */
static int64_t kill_one(const json_t *settings, unsigned commits, unsigned spins)
{
    int ends[2];
    char told[4096];
    int64_t count = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        commit_until_killed(settings, ends[1]);
    }
    close(ends[1]);
    while (count < commits && read(ends[0], told, 1) == 1) {
        count++;
    }
    for (unsigned i = 0; i < spins; i++) {
        sched_yield();
    }
    kill(child, SIGKILL);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    ssize_t got = 0;
    while ((got = read(ends[0], told, sizeof(told))) > 0) {
        count += got;
    }
    close(ends[0]);
    return count;
}

static void check_whole(const char *path)
{
    int64_t commits = file_number(path, "SELECT version FROM source");
    assert_int_equal(file_number(path, "SELECT mark1 FROM source"), commits);
    assert_int_equal(file_number(path, "SELECT count(*) FROM ids"), commits * EVENTS);
    assert_int_equal(file_number(path, "SELECT count(*) FROM dead_letter"),
                     commits * LETTERS);
    assert_int_equal(file_number(path, "SELECT sum(delivered) FROM ledger"),
                     commits * EVENTS);
}

static void a_killed_process_leaves_a_whole_number_of_commits(void **state)
{
    (void)state;
    json_t *settings = file_closed_store();
    const char *path = file_path(settings);
    int64_t told = 0;
    unsigned random = 12345;
    for (int i = 0; i < KILLS; i++) {
        random = random * 1103515245U + 12345U;
        told += kill_one(settings, 1 + (random >> 16) % 20, (random >> 8) % 64);
        check_whole(path);
        int64_t commits = file_number(path, "SELECT version FROM source");
        assert_true(commits >= told);     /* what was answered is there */
        assert_true(commits <= told + 1); /* and at most what was cut off */
        told = commits;
    }
    printf("%d kills, %lld commits\n", KILLS, (long long)told);
    json_decref(settings);
}

/* One turn of a writer: commits once while it holds the source. */
static bool take_turn(struct store *store, const char *held)
{
    struct claim claim = {0};
    struct error err = {0};
    while (!file_claim(store, "prod", &claim, &err)) {
        if (err.kind != ERROR_BUSY) {
            fprintf(stderr, "%s\n", err.text);
            return false;
        }
        sched_yield();
    }
    int file = open(held, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    bool ok = file >= 0 && commit_next(store, &claim);
    close(file);
    unlink(held);
    ok = ok && suite_release(&store_sqlite, store, &claim, &err);
    claim_clear(&claim);
    return ok;
}

static void write_in_turns(const json_t *settings, const char *held, bool dies)
{
    struct store *store = NULL;
    struct claim claim = {0};
    struct error err = {0};
    if (!file_open(settings, &store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    for (int i = 0; i < TURNS; i++) {
        if (!take_turn(store, held)) {
            _exit(1);
        }
    }
    if (dies) { /* as the owner, so that the others must take over */
        while (!file_claim(store, "prod", &claim, &err)) {
            sched_yield();
        }
        raise(SIGKILL);
    }
    store_sqlite.close(store);
    _exit(0);
}

static void two_processes_never_hold_a_source_together(void **state)
{
    (void)state;
    json_t *settings = file_settings(); /* they also race to create it */
    char *held = mem_format("%s/held", file_folder());
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            write_in_turns(settings, held, i == 0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(i == 0 ? WIFSIGNALED(status) : WIFEXITED(status));
        assert_int_equal(i == 0 ? 0 : WEXITSTATUS(status), 0);
    }
    check_whole(file_path(settings));
    assert_int_equal(file_number(file_path(settings), "SELECT version FROM source"),
                     WRITERS * TURNS);
    free(held);
    json_decref(settings);
}

int main(void)
{
    if (!file_start()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_killed_process_leaves_a_whole_number_of_commits,
                               file_reset_clock),
        cmocka_unit_test_setup(two_processes_never_hold_a_source_together,
                               file_reset_clock),
    };
    int failed = cmocka_run_group_tests_name("sqlite_crash", tests, NULL, NULL);
    file_end();
    return failed;
}
