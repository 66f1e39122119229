/* Who may move a source's marks: leases, fences, and what is stored when. */
#include "store_world.h"

#include "base/timestamp.h"
#include "store/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_live_owner_keeps_its_source(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    world_take(world);
    world->clock.now_ms += STORE_LEASE_MS - 1;
    assert_false(world_claim(world, world->other, &second));
    assert_int_equal(world->err.kind, ERROR_BUSY);
    assert_true(world->err.retry_after_ms >= 0);
    assert_null(second.source);
    assert_true(world_commit(world, 1, 1));
}

static void a_renewed_lease_outlives_its_first_minute(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    world_take(world);
    world->clock.now_ms += STORE_LEASE_MS - 1;
    assert_true(world->type->renew(world->store, &world->err));
    world->clock.now_ms += STORE_LEASE_MS - 1;
    assert_false(world_claim(world, world->other, &second));
    assert_int_equal(world->err.kind, ERROR_BUSY);
}

static void a_released_source_is_free_at_once(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    world_take(world);
    assert_true(world_release(world, world->store, &world->claim));
    assert_true(world_claim(world, world->other, &second));
    assert_true(second.fence > world->claim.fence);
    claim_clear(&second);
}

static void a_closed_store_leaves_nothing_held(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    world_take(world);
    world->type->close(world->store);
    world->store = NULL;
    assert_true(world_claim(world, world->other, &second));
    claim_clear(&second);
}

/* Moves the marks without having delivered anything. */
static void move_idly(struct world *world, int64_t mark_ms)
{
    struct cursor cursor = {.start_ms = 1, .mark_ms = {mark_ms, 3, 2, 1}, .span_ms = 7};
    const struct store_commit commit = {
        .cursor = &cursor, .forget_ms = suite_event(11).time_ms, .keeps_ids = true};
    assert_true(world->type->commit(world->store, &world->claim, &commit, &world->err));
    assert_int_equal(world->claim.cursor.mark_ms[0], mark_ms);
}

static void what_an_idle_commit_moved_is_stored_by_release(void **state)
{
    struct world *world = *state;
    world_take(world);
    assert_true(world_commit(world, 1, 20));
    move_idly(world, 77);
    assert_int_equal(world_count_ids(world), 20);
    assert_true(world_release(world, world->store, &world->claim));
    world_take(world);
    assert_int_equal(world->claim.cursor.mark_ms[0], 77);
    assert_int_equal(world_count_ids(world), 10);
}

static void what_an_idle_commit_moved_is_in_the_next_that_settles(void **state)
{
    struct world *world = *state;
    world_take(world);
    assert_true(world_commit(world, 1, 1));
    move_idly(world, 77);
    assert_true(world_commit(world, 88, 1));
    world_take(world);
    assert_int_equal(world->claim.cursor.mark_ms[0], 88);
}

static void what_was_read_and_not_committed_is_not_stored_by_release(void **state)
{
    struct world *world = *state;
    world_take(world);
    assert_true(world_commit(world, 1, 20));
    move_idly(world, 77);
    struct cursor *cursor = &world->claim.cursor; /* as it is while a slice is read */
    cursor->mark_ms[0] = 99;
    cursor->is_open = true;
    cursor->place = json_string("beyond what any sink took");
    assert_true(world_release(world, world->store, &world->claim));
    world_take(world);
    assert_int_equal(world->claim.cursor.mark_ms[0], 77);
    assert_false(world->claim.cursor.is_open);
    assert_null(world->claim.cursor.place);
}

static void a_stale_worker_moves_no_mark_by_giving_back(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    world_take(world);
    assert_true(world_commit(world, 1, 1));
    move_idly(world, 77);
    world->clock.now_ms += STORE_LEASE_MS;
    assert_true(world_claim(world, world->other, &second));
    assert_false(world_release(world, world->store, &world->claim));
    assert_int_equal(world->err.kind, ERROR_LOST);
    claim_clear(&second);
    assert_true(world_claim(world, world->other, &second));
    assert_int_equal(second.cursor.mark_ms[0], 1);
    claim_clear(&second);
}

static void many_are_claimed_at_once_and_each_has_its_answer(void **state)
{
    struct world *world = *state;
    struct claim claims[STORE_CLAIMS_MAX] = {0};
    struct error errs[STORE_CLAIMS_MAX] = {0};
    struct store_wish wishes[STORE_CLAIMS_MAX];
    char names[STORE_CLAIMS_MAX][8];
    for (size_t i = 0; i < STORE_CLAIMS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        wishes[i] = (struct store_wish){names[i], &claims[i], &errs[i]};
    }
    assert_true(suite_claim(world->type, world->other, "s7", &world->claim, &world->err));
    assert_true(world->type->claim(world->store, wishes, STORE_CLAIMS_MAX, &world->err));
    for (size_t i = 0; i < STORE_CLAIMS_MAX; i++) {
        assert_int_equal(errs[i].kind, i == 7 ? ERROR_BUSY : ERROR_NONE);
        assert_int_equal(claims[i].source != NULL, i != 7);
        claim_clear(&claims[i]);
    }
}

static void a_stale_worker_changes_nothing(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    struct store_gap gap = {1, 2, "never sealed"};
    world_take(world);
    assert_true(world_commit(world, 1, 1));
    world->clock.now_ms += STORE_LEASE_MS;
    assert_true(world_claim(world, world->other, &second));

    assert_false(world_commit(world, 2, 10));
    assert_int_equal(world->err.kind, ERROR_LOST);
    assert_false(world_release(world, world->store, &world->claim));
    assert_int_equal(world->err.kind, ERROR_LOST);
    assert_false(
        world->type->ledger->gap(world->store, &world->claim, &gap, &world->err));
    assert_int_equal(world->err.kind, ERROR_LOST);
    assert_false(world->type->renew(world->store, &world->err));
    assert_int_equal(world->err.kind, ERROR_LOST);

    assert_int_equal(world_count_ids(world), 1);
    assert_int_equal(second.cursor.mark_ms[0], 1);
    assert_true(world_release(world, world->other, &second));
    claim_clear(&second);
}

static void a_claim_from_before_a_commit_is_refused(void **state)
{
    struct world *world = *state;
    world_take(world);
    assert_true(world_commit(world, 1, 1));
    world->claim.version--;
    assert_false(world_commit(world, 2, 1));
    assert_int_equal(world->err.kind, ERROR_LOST);
    assert_int_equal(world_count_ids(world), 1);
}

static void a_late_owner_goes_on_when_nobody_took_over(void **state)
{
    struct world *world = *state;
    world_take(world);
    world->clock.now_ms += 2 * (int64_t)STORE_LEASE_MS;
    assert_true(world_commit(world, 1, 1));
    assert_true(world->type->renew(world->store, &world->err));
}

static void a_clock_put_back_frees_what_it_would_hold_for_a_day(void **state)
{
    struct world *world = *state;
    struct claim second = {0};
    world_take(world);
    world->clock.now_ms -= MS_PER_DAY;
    assert_true(world_claim(world, world->other, &second));
    claim_clear(&second);
}

int store_lease_suite_run(const char *name)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_live_owner_keeps_its_source),
        CASE(a_renewed_lease_outlives_its_first_minute),
        CASE(a_released_source_is_free_at_once),
        CASE(a_closed_store_leaves_nothing_held),
        CASE(what_an_idle_commit_moved_is_stored_by_release),
        CASE(what_was_read_and_not_committed_is_not_stored_by_release),
        CASE(what_an_idle_commit_moved_is_in_the_next_that_settles),
        CASE(a_stale_worker_moves_no_mark_by_giving_back),
        CASE(many_are_claimed_at_once_and_each_has_its_answer),
        CASE(a_stale_worker_changes_nothing),
        CASE(a_claim_from_before_a_commit_is_refused),
        CASE(a_late_owner_goes_on_when_nobody_took_over),
        CASE(a_clock_put_back_frees_what_it_would_hold_for_a_day),
    };
#undef CASE
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
