#include "store_suite.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 50 };

static const int64_t origin_ms = INT64_C(1760000400000); /* a whole hour */

static const struct store_type *type_under_test;
static json_t *(*settings_of_empty)(void);

struct fixture {
    struct suite_clock clock;
    struct runtime runtime;
    json_t *settings;
    struct store *store;
    struct store *other; /* another owner of the same store */
    struct claim claim;
    struct error err;
};

static int64_t now_of(void *context)
{
    const struct suite_clock *clock = context;
    return clock->now_ms;
}

struct runtime suite_runtime(struct suite_clock *clock)
{
    return (struct runtime){.context = clock, .now_ms = now_of, .monotonic_ms = now_of};
}

struct store_delivered suite_event(uint32_t number)
{
    struct store_delivered event = {0};
    uint8_t digest[DIGEST_SIZE];
    event.time_ms = origin_ms + (int64_t)(number / 1000) * MS_PER_HOUR + number % 1000;
    digest_sha256((struct bytes){(const uint8_t *)&number, sizeof(number)}, digest);
    memcpy(event.id16, digest, ID16_SIZE);
    return event;
}

static int set_up(void **state)
{
    struct fixture *fixture = mem_new(1, sizeof(*fixture));
    fixture->clock.now_ms = origin_ms;
    fixture->runtime = suite_runtime(&fixture->clock);
    fixture->settings = settings_of_empty();
    *state = fixture;
    return !type_under_test->open(fixture->settings, &fixture->runtime, &fixture->store,
                                  &fixture->err) ||
           !type_under_test->open(fixture->settings, &fixture->runtime, &fixture->other,
                                  &fixture->err);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    claim_clear(&fixture->claim);
    type_under_test->close(fixture->store);
    type_under_test->close(fixture->other);
    json_decref(fixture->settings);
    free(fixture);
    return 0;
}

static void take(struct fixture *fixture)
{
    claim_clear(&fixture->claim);
    assert_true(
        type_under_test->claim(fixture->store, "prod", &fixture->claim, &fixture->err));
}

/* Commits events first .. first + count - 1 with mark first. */
static bool commit_some(struct fixture *fixture, uint32_t first, size_t count)
{
    struct store_delivered events[EVENTS];
    for (size_t i = 0; i < count; i++) {
        events[i] = suite_event(first + (uint32_t)i);
    }
    struct cursor cursor = {.start_ms = 1, .mark_ms = {first, 3, 2, 1}, .span_ms = 7};
    const struct store_commit commit = {
        .cursor = &cursor,
        .delivered = events,
        .delivered_count = count,
        .now_ms = origin_ms,
        .forget_ms = INT64_MIN,
        .keeps_ids = true,
    };
    return type_under_test->commit(fixture->store, &fixture->claim, &commit,
                                   &fixture->err);
}

static size_t count_ids(struct fixture *fixture)
{
    size_t count = 0;
    assert_true(type_under_test->id_count(fixture->store, &fixture->claim, &count,
                                          &fixture->err));
    return count;
}

static void a_source_never_seen_is_new(void **state)
{
    struct fixture *fixture = *state;
    take(fixture);
    assert_true(fixture->claim.is_new);
    assert_string_equal(fixture->claim.source, "prod");
    assert_true(commit_some(fixture, 1, 0));
    assert_false(fixture->claim.is_new);
    take(fixture);
    assert_false(fixture->claim.is_new);
}

static void a_cursor_comes_back_as_it_was_committed(void **state)
{
    struct fixture *fixture = *state;
    struct cursor cursor = {
        .start_ms = 10,
        .mark_ms = {44, 33, 22, 11},
        .span_ms = 3600000,
        .is_open = true,
        .slice = {.a_ms = 0, .b_ms = 6, .began_ms = 7},
        .place = json_pack("{s:s, s:[i]}", "token", "a\"b\xc3\xa9", "parts", 3),
    };
    const struct store_commit commit = {.cursor = &cursor, .forget_ms = INT64_MIN};
    take(fixture);
    assert_true(
        type_under_test->commit(fixture->store, &fixture->claim, &commit, &fixture->err));
    assert_true(json_equal(fixture->claim.cursor.place, cursor.place));
    take(fixture);

    const struct cursor *read = &fixture->claim.cursor;
    assert_int_equal(read->start_ms, cursor.start_ms);
    assert_memory_equal(read->mark_ms, cursor.mark_ms, sizeof(cursor.mark_ms));
    assert_int_equal(read->span_ms, cursor.span_ms);
    assert_true(read->is_open);
    assert_memory_equal(&read->slice, &cursor.slice, sizeof(cursor.slice));
    assert_true(json_equal(read->place, cursor.place));
    json_decref(cursor.place);
}

static void a_closed_slice_and_no_place_come_back_empty(void **state)
{
    struct fixture *fixture = *state;
    take(fixture);
    assert_true(commit_some(fixture, 5, 1));
    take(fixture);
    assert_false(fixture->claim.cursor.is_open);
    assert_null(fixture->claim.cursor.place);
}

static void only_what_was_delivered_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct store_delivered events[] = {suite_event(1), suite_event(3), suite_event(2)};
    take(fixture);
    assert_true(commit_some(fixture, 1, 2));
    assert_true(type_under_test->known(fixture->store, &fixture->claim, events, 3,
                                       &fixture->err));
    assert_true(events[0].is_known);
    assert_false(events[1].is_known);
    assert_true(events[2].is_known);
    assert_int_equal(count_ids(fixture), 2);
}

static void ids_of_one_source_are_not_anothers(void **state)
{
    struct fixture *fixture = *state;
    struct store_delivered event = suite_event(1);
    struct claim second = {0};
    take(fixture);
    assert_true(commit_some(fixture, 1, 1));
    assert_true(type_under_test->claim(fixture->store, "test", &second, &fixture->err));
    assert_true(
        type_under_test->known(fixture->store, &second, &event, 1, &fixture->err));
    assert_false(event.is_known);
    claim_clear(&second);
}

static void ids_before_forget_are_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct cursor cursor = {.start_ms = 1};
    struct store_commit commit = {.cursor = &cursor, .keeps_ids = true};
    commit.forget_ms = suite_event(11).time_ms;
    take(fixture);
    assert_true(commit_some(fixture, 1, 20));
    assert_true(
        type_under_test->commit(fixture->store, &fixture->claim, &commit, &fixture->err));
    assert_int_equal(count_ids(fixture), 10); /* 11 .. 20 */
}

static void a_source_that_keeps_no_ids_leaves_none(void **state)
{
    struct fixture *fixture = *state;
    struct store_delivered event = suite_event(1);
    struct cursor cursor = {.start_ms = 1};
    struct store_commit commit = {.cursor = &cursor, .forget_ms = INT64_MIN};
    commit.delivered = &event;
    commit.delivered_count = 1;
    take(fixture);
    assert_true(
        type_under_test->commit(fixture->store, &fixture->claim, &commit, &fixture->err));
    assert_int_equal(count_ids(fixture), 0);
}

static void a_live_owner_keeps_its_source(void **state)
{
    struct fixture *fixture = *state;
    struct claim second = {0};
    take(fixture);
    fixture->clock.now_ms += STORE_LEASE_MS - 1;
    assert_false(type_under_test->claim(fixture->other, "prod", &second, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_BUSY);
    assert_true(fixture->err.retry_after_ms >= 0);
    assert_null(second.source);
    assert_true(commit_some(fixture, 1, 1));
}

static void a_renewed_lease_outlives_its_first_minute(void **state)
{
    struct fixture *fixture = *state;
    struct claim second = {0};
    take(fixture);
    fixture->clock.now_ms += STORE_LEASE_MS - 1;
    assert_true(type_under_test->renew(fixture->store, &fixture->err));
    fixture->clock.now_ms += STORE_LEASE_MS - 1;
    assert_false(type_under_test->claim(fixture->other, "prod", &second, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_BUSY);
}

static void a_released_source_is_free_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct claim second = {0};
    take(fixture);
    assert_true(
        type_under_test->release(fixture->store, &fixture->claim, 99, &fixture->err));
    assert_true(type_under_test->claim(fixture->other, "prod", &second, &fixture->err));
    assert_true(second.fence > fixture->claim.fence);
    claim_clear(&second);
}

static void a_closed_store_leaves_nothing_held(void **state)
{
    struct fixture *fixture = *state;
    struct claim second = {0};
    take(fixture);
    type_under_test->close(fixture->store);
    fixture->store = NULL;
    assert_true(type_under_test->claim(fixture->other, "prod", &second, &fixture->err));
    claim_clear(&second);
}

static void a_stale_worker_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct claim second = {0};
    struct store_gap gap = {1, 2, "never sealed"};
    take(fixture);
    assert_true(commit_some(fixture, 1, 1));
    fixture->clock.now_ms += STORE_LEASE_MS;
    assert_true(type_under_test->claim(fixture->other, "prod", &second, &fixture->err));

    assert_false(commit_some(fixture, 2, 10));
    assert_int_equal(fixture->err.kind, ERROR_LOST);
    assert_false(
        type_under_test->release(fixture->store, &fixture->claim, 0, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_LOST);
    assert_false(
        type_under_test->gap(fixture->store, &fixture->claim, &gap, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_LOST);
    assert_false(type_under_test->renew(fixture->store, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_LOST);

    assert_int_equal(count_ids(fixture), 1);
    assert_int_equal(second.cursor.mark_ms[0], 1);
    assert_true(type_under_test->release(fixture->other, &second, 0, &fixture->err));
    claim_clear(&second);
}

static void a_claim_from_before_a_commit_is_refused(void **state)
{
    struct fixture *fixture = *state;
    take(fixture);
    assert_true(commit_some(fixture, 1, 1));
    fixture->claim.version--;
    assert_false(commit_some(fixture, 2, 1));
    assert_int_equal(fixture->err.kind, ERROR_LOST);
    assert_int_equal(count_ids(fixture), 1);
}

static void a_late_owner_goes_on_when_nobody_took_over(void **state)
{
    struct fixture *fixture = *state;
    take(fixture);
    fixture->clock.now_ms += 2 * (int64_t)STORE_LEASE_MS;
    assert_true(commit_some(fixture, 1, 1));
    assert_true(type_under_test->renew(fixture->store, &fixture->err));
}

static void a_clock_put_back_frees_what_it_would_hold_for_a_day(void **state)
{
    struct fixture *fixture = *state;
    struct claim second = {0};
    take(fixture);
    fixture->clock.now_ms -= MS_PER_DAY;
    assert_true(type_under_test->claim(fixture->other, "prod", &second, &fixture->err));
    claim_clear(&second);
}

int store_suite_run(const struct store_type *type, json_t *(*empty_settings)(void))
{
    type_under_test = type;
    settings_of_empty = empty_settings;
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_source_never_seen_is_new),
        CASE(a_cursor_comes_back_as_it_was_committed),
        CASE(a_closed_slice_and_no_place_come_back_empty),
        CASE(only_what_was_delivered_is_known),
        CASE(ids_of_one_source_are_not_anothers),
        CASE(ids_before_forget_are_forgotten),
        CASE(a_source_that_keeps_no_ids_leaves_none),
        CASE(a_live_owner_keeps_its_source),
        CASE(a_renewed_lease_outlives_its_first_minute),
        CASE(a_released_source_is_free_at_once),
        CASE(a_closed_store_leaves_nothing_held),
        CASE(a_stale_worker_changes_nothing),
        CASE(a_claim_from_before_a_commit_is_refused),
        CASE(a_late_owner_goes_on_when_nobody_took_over),
        CASE(a_clock_put_back_frees_what_it_would_hold_for_a_day),
    };
#undef CASE
    return cmocka_run_group_tests_name(type->name, tests, NULL, NULL);
}
