/* What a round of many quiet sources costs the store: writes to disk, and CPU. */
#include "base/mem.h"
#include "sqlite_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEW = 1000, MANY = 10000, SYNCS_MAX = 400 };

static size_t syncs;

/* These stand before libc's, for SQLite too. */
int fsync(int file)
{
    syncs++;
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, file);
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void turn(struct store *store, struct claim *claim, struct error *err)
{
    struct cursor cursor = claim->cursor;
    cursor.mark_ms[0] = file_clock.now_ms;
    const struct store_commit commit = {.cursor = &cursor,
                                        .keeps_ids = true,
                                        .forget_ms = 1,
                                        .now_ms = file_clock.now_ms};
    size_t id_count = 0;
    assert_true(store_sqlite.id_count(store, claim, &id_count, err));
    assert_true(store_sqlite.commit(store, claim, &commit, err));
}

/* Claims, moves and gives back up to STORE_CLAIMS_MAX sources, from number first. */
static void run_group(struct store *store, size_t first, size_t count)
{
    struct error err = {0};
    struct error refused[STORE_CLAIMS_MAX];
    struct claim claims[STORE_CLAIMS_MAX];
    struct store_wish wishes[STORE_CLAIMS_MAX] = {0};
    struct store_return returns[STORE_CLAIMS_MAX] = {0};
    char names[STORE_CLAIMS_MAX][32];
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "organisation-%zu", first + i);
        wishes[i] = (struct store_wish){names[i], &claims[i], &refused[i]};
        returns[i] = (struct store_return){.claim = &claims[i]};
    }
    assert_true(store_sqlite.claim(store, wishes, count, &err));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(refused[i].kind, ERROR_NONE);
        turn(store, &claims[i], &err);
    }
    assert_true(store_sqlite.release(store, returns, count, &err));
    for (size_t i = 0; i < count; i++) {
        assert_false(returns[i].is_lost);
        claim_clear(&claims[i]);
    }
}

/* One round of all; returns the CPU that a source cost, in us. */
static double run_round(struct store *store, size_t count)
{
    double before = cpu_us();
    file_clock.now_ms += 1000;
    for (size_t i = 0; i < count; i += STORE_CLAIMS_MAX) {
        size_t left = count - i;
        run_group(store, i, left < STORE_CLAIMS_MAX ? left : STORE_CLAIMS_MAX);
    }
    return (cpu_us() - before) / (double)count;
}

static void ten_thousand_quiet_sources_cost_few_syncs(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct error err = {0};
    json_t *settings = file_settings();
    assert_true(file_open(settings, &store, &err));
    run_round(store, FEW);
    double few_us = run_round(store, FEW);
    run_round(store, MANY);
    syncs = 0;
    double many_us = run_round(store, MANY);
    printf(
        "a round of %d quiet sources: %zu syncs, %.0f us CPU a source; of %d: %.0f us\n",
        MANY, syncs, many_us, FEW, few_us);
    assert_in_range(syncs, 1, SYNCS_MAX);
    assert_true(many_us < 3 * few_us);
    store_sqlite.close(store);

    assert_int_equal(file_number(file_path(settings),
                                 "SELECT count(*) FROM source WHERE owner IS NULL"),
                     MANY);
    assert_int_equal(file_number(file_path(settings), "SELECT min(mark1) FROM source"),
                     file_clock.now_ms);
    json_decref(settings);
}

int main(void)
{
    if (!file_start()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ten_thousand_quiet_sources_cost_few_syncs,
                               file_reset_clock),
    };
    int failed = cmocka_run_group_tests_name("sqlite_round", tests, NULL, NULL);
    file_end();
    return failed;
}
