#include "store_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_source_never_seen_is_new(void **state)
{
    struct world *world = *state;
    world_take(world);
    assert_true(world->claim.is_new);
    assert_string_equal(world->claim.source, "prod");
    assert_true(world_commit(world, 1, 0));
    assert_false(world->claim.is_new);
    world_take(world);
    assert_false(world->claim.is_new);
}

static void a_cursor_comes_back_as_it_was_committed(void **state)
{
    struct world *world = *state;
    struct cursor cursor = {
        .start_ms = 10,
        .mark_ms = {44, 33, 22, 11},
        .span_ms = 3600000,
        .is_open = true,
        .slice = {.a_ms = 0, .b_ms = 6, .began_ms = 7},
        .place = json_pack("{s:s, s:[i]}", "token", "a\"b\xc3\xa9", "parts", 3),
    };
    const struct store_commit commit = {.cursor = &cursor, .forget_ms = INT64_MIN};
    world_take(world);
    assert_true(world->type->commit(world->store, &world->claim, &commit, &world->err));
    assert_true(json_equal(world->claim.cursor.place, cursor.place));
    world_take(world);

    const struct cursor *read = &world->claim.cursor;
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
    struct world *world = *state;
    world_take(world);
    assert_true(world_commit(world, 5, 1));
    world_take(world);
    assert_false(world->claim.cursor.is_open);
    assert_null(world->claim.cursor.place);
}

static void only_what_was_delivered_is_known(void **state)
{
    struct world *world = *state;
    struct store_delivered events[] = {suite_event(1), suite_event(3), suite_event(2)};
    world_take(world);
    assert_true(world_commit(world, 1, 2));
    assert_true(world->type->known(world->store, &world->claim, events, 3, &world->err));
    assert_true(events[0].is_known);
    assert_false(events[1].is_known);
    assert_true(events[2].is_known);
    assert_int_equal(world_count_ids(world), 2);
}

static void ids_of_one_source_are_not_anothers(void **state)
{
    struct world *world = *state;
    struct store_delivered event = suite_event(1);
    struct claim second = {0};
    world_take(world);
    assert_true(world_commit(world, 1, 1));
    assert_true(suite_claim(world->type, world->store, "test", &second, &world->err));
    assert_true(world->type->known(world->store, &second, &event, 1, &world->err));
    assert_false(event.is_known);
    claim_clear(&second);
}

static void ids_before_forget_are_forgotten(void **state)
{
    struct world *world = *state;
    struct cursor cursor = {.start_ms = 1};
    struct store_commit commit = {.cursor = &cursor, .keeps_ids = true};
    commit.forget_ms = suite_event(11).time_ms;
    world_take(world);
    assert_true(world_commit(world, 1, 20));
    assert_true(world->type->commit(world->store, &world->claim, &commit, &world->err));
    assert_true(world_release(world, world->store, &world->claim));
    assert_int_equal(world_count_ids(world), 10); /* 11 .. 20 */
}

static void a_source_that_keeps_no_ids_leaves_none(void **state)
{
    struct world *world = *state;
    struct store_delivered event = suite_event(1);
    struct cursor cursor = {.start_ms = 1};
    struct store_commit commit = {.cursor = &cursor, .forget_ms = INT64_MIN};
    commit.delivered = &event;
    commit.delivered_count = 1;
    world_take(world);
    assert_true(world->type->commit(world->store, &world->claim, &commit, &world->err));
    assert_int_equal(world_count_ids(world), 0);
}

static void assert_discovered(struct world *world, const char *entry, const json_t *rows)
{
    json_t *known = NULL;
    assert_true(world->type->discovered(world->store, entry, &known, &world->err));
    assert_true(json_equal(known, rows));
    json_decref(known);
}

static void what_was_discovered_comes_back_by_name(void **state)
{
    struct world *world = *state;
    json_t *none = json_array();
    json_t *rows = json_loads("[{\"name\": \"1-a\", \"found\": {\"account\": \"1\"}},"
                              " {\"name\": \"1-b\", \"found\": {}, \"gone\": 17}]",
                              0, NULL);
    assert_non_null(rows);
    assert_discovered(world, "prod", none);
    assert_true(world->type->discover(world->store, "prod", rows, &world->err));
    assert_discovered(world, "prod", rows);
    assert_discovered(world, "other", none);
    json_array_remove(rows, 0);
    assert_true(world->type->discover(world->store, "prod", rows, &world->err));
    assert_discovered(world, "prod", rows);
    json_decref(rows);
    json_decref(none);
}

int store_suite_run(const struct store_type *type, json_t *(*empty_settings)(void))
{
    world_type = type;
    world_settings = empty_settings;
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_source_never_seen_is_new),
        CASE(a_cursor_comes_back_as_it_was_committed),
        CASE(a_closed_slice_and_no_place_come_back_empty),
        CASE(only_what_was_delivered_is_known),
        CASE(ids_of_one_source_are_not_anothers),
        CASE(ids_before_forget_are_forgotten),
        CASE(a_source_that_keeps_no_ids_leaves_none),
        CASE(what_was_discovered_comes_back_by_name),
    };
#undef CASE
    return cmocka_run_group_tests_name(type->name, tests, NULL, NULL) +
           store_lease_suite_run(type->name);
}
