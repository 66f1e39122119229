/* store/sqlite_commit.c: what a commit writes, all of it or nothing. */
#include "base/mem.h"
#include "base/timestamp.h"
#include "sqlite_file.h"
#include "store/ledger.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { BATCH = 1000 };

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
        .now_ms = file_clock.now_ms,
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
    json_t *settings = file_settings();
    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
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
    assert_non_null(strstr(err.text, file_path(settings)));
    assert_true(store_sqlite.id_count(store, &claim, &before, &err));
    assert_int_equal(before, first);
    assert_true(commit_batch(store, &claim, first, &err));
    assert_true(store_sqlite.id_count(store, &claim, &after, &err));
    assert_int_equal(after, first + BATCH);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

static bool commit_letters(struct store *store, struct claim *claim, size_t count,
                           struct error *err)
{
    struct store_letter *letters = mem_new(count, sizeof(*letters));
    for (size_t i = 0; i < count; i++) {
        letters[i].event_id = mem_format("%lld:%zu", (long long)file_clock.now_ms, i);
        letters[i].sink = "siem";
        letters[i].reason = "mapper_parsing_exception";
        letters[i].event = bytes_of("{}");
    }
    struct cursor cursor = {.start_ms = 1};
    const struct store_commit commit = {
        .cursor = &cursor,
        .letters = letters,
        .letter_count = count,
        .now_ms = file_clock.now_ms,
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
    json_t *settings = file_settings();
    const char *path = file_path(settings);
    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
    assert_true(commit_letters(store, &claim, 3, &err));
    file_clock.now_ms += (int64_t)STORE_LETTER_DAYS * MS_PER_DAY;
    assert_true(commit_letters(store, &claim, 2, &err));
    assert_int_equal(claim.letters_expired, 0); /* seven days are not yet over */
    file_clock.now_ms += MS_PER_MINUTE;
    assert_true(commit_letters(store, &claim, 0, &err));
    assert_int_equal(claim.letters_expired, 3);

    file_clock.now_ms++;
    assert_true(commit_letters(store, &claim, STORE_LETTERS_MAX, &err));
    assert_int_equal(claim.letters_expired, 5);
    assert_int_equal(file_number(path, "SELECT count(*) FROM dead_letter"),
                     STORE_LETTERS_MAX);
    assert_int_equal(file_number(path, "SELECT count(*) FROM note WHERE kind = 'loss'"),
                     2);
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
    json_t *settings = file_settings();
    const char *path = file_path(settings);
    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
    assert_true(commit_batch(store, &claim, 500, &err));
    assert_true(commit_batch(store, &claim, 500, &err));
    assert_true(commit_batch(store, &claim, 1000, &err));
    assert_int_equal(file_number(path, "SELECT sum(delivered) FROM ledger"), 1500);
    assert_int_equal(file_number(path, "SELECT count(*) FROM ledger"), 2);
    assert_int_equal(file_number(path, "SELECT min(length(id_sum)) FROM ledger"), 16);
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
    json_t *settings = file_settings();
    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
    assert_true(store_sqlite.ledger->gap(store, &claim, &gap, &err));
    assert_true(store_sqlite.ledger->gap(store, &claim, &again, &err));
    assert_true(store_sqlite.ledger->gap(store, &claim, &gap, &err));
    assert_int_equal(file_number(file_path(settings), "SELECT count(*) FROM gap"), 1);
    assert_int_equal(file_number(file_path(settings), "SELECT to_ms FROM gap"), 25);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
}

static void a_staged_batch_waits_for_the_commit_that_settles_it(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    struct claim claim = {0};
    struct buf batch;
    const struct bytes bytes = {(const uint8_t *)"ABB1 and more", 13};
    json_t *settings = file_settings();
    buf_init(&batch, 1 << 10);
    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
    assert_true(commit_batch(store, &claim, 0, &err));
    assert_true(store_sqlite.staged(store, &claim, &batch, &err));
    assert_int_equal(batch.size, 0);
    assert_true(store_sqlite.stage(store, &claim, bytes, &err));
    claim_clear(&claim);
    store_sqlite.close(store);

    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
    assert_true(store_sqlite.staged(store, &claim, &batch, &err));
    assert_int_equal(batch.size, bytes.size);
    assert_memory_equal(batch.data, bytes.data, bytes.size);
    assert_true(commit_batch(store, &claim, BATCH, &err));
    batch.size = 0;
    assert_true(store_sqlite.staged(store, &claim, &batch, &err));
    assert_int_equal(batch.size, 0);
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
    buf_clear(&batch);
}

int main(void)
{
    if (!file_start()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_full_disk_fails_the_commit_whole_and_later_it_goes_on,
                               file_reset_clock),
        cmocka_unit_test_setup(old_and_too_many_dead_letters_expire_and_are_counted,
                               file_reset_clock),
        cmocka_unit_test_setup(the_ledger_counts_an_event_once_however_often_it_comes,
                               file_reset_clock),
        cmocka_unit_test_setup(a_gap_planned_again_is_one_row, file_reset_clock),
        cmocka_unit_test_setup(a_staged_batch_waits_for_the_commit_that_settles_it,
                               file_reset_clock),
    };
    int failed = cmocka_run_group_tests_name("sqlite_commit", tests, NULL, NULL);
    file_end();
    return failed;
}
