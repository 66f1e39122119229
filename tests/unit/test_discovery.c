/* bridge/discovery.h: where a source begins that was a part of another. */
#include "base/mem.h"
#include "bridge/discovery.h"
#include "store/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { HEAD_MS = 5000, SEALED_MS = 2000, PASSES = 2, NOW_MS = 9000, LOOKBACK_MS = 700 };

/* A store of one entry, and what its provider finds next. */
static struct world {
    const char *finds; /* JSON */
    json_t *rows;
    bool is_started; /* of the source "entry", which has the marks above */
    bool is_broken;
} world;

static bool expand(const json_t *settings, const struct runtime *runtime,
                   json_t **sources, struct error *err)
{
    (void)settings;
    (void)runtime;
    (void)err;
    *sources = json_loads(world.finds, 0, NULL);
    return true;
}

static bool discovered(struct store *store, const char *entry, json_t **known,
                       struct error *err)
{
    (void)store;
    (void)entry;
    (void)err;
    *known = json_deep_copy(world.rows);
    return true;
}

static bool discover(struct store *store, const char *entry, const json_t *known,
                     struct error *err)
{
    (void)store;
    (void)entry;
    (void)err;
    json_decref(world.rows);
    world.rows = json_deep_copy(known);
    return true;
}

static bool standing(struct store *store, struct store_standing *standings, size_t count,
                     struct error *err)
{
    (void)store;
    for (size_t i = 0; i < count; i++) {
        if (world.is_started && strcmp(standings[i].source, "entry") == 0) {
            standings[i].is_known = true;
            standings[i].is_started = true;
            standings[i].mark_ms[0] = HEAD_MS;
            standings[i].mark_ms[PASSES - 1] = SEALED_MS;
        }
    }
    return !world.is_broken || error_set(err, ERROR_STATE, "the disk is full");
}

static int64_t now_ms(void *context)
{
    (void)context;
    return NOW_MS;
}

static int begin(void **state)
{
    (void)state;
    world = (struct world){.rows = json_array()};
    return 0;
}

static int end(void **state)
{
    (void)state;
    json_decref(world.rows);
    return 0;
}

static bool run(const char *finds, struct error *err)
{
    static const struct slicing slicing = {.passes = PASSES, .age_ms = {1, 2}};
    static const struct provider provider = {.expand = expand, .slicing = &slicing};
    static const struct ledger_type ledger = {.standing = standing};
    static const struct store_type type = {
        .discovered = discovered, .discover = discover, .ledger = &ledger};
    static const struct runtime runtime = {.now_ms = now_ms};
    char name[] = "entry";
    json_t *settings = json_object();
    const struct config_source entry = {.name = name,
                                        .provider = &provider,
                                        .settings = settings,
                                        .lookback_ms = LOOKBACK_MS};
    const struct discovery discovery = {&runtime, &type, NULL};
    struct discovery_result result = {0};
    world.finds = finds;
    bool ok = discovery_run(&discovery, &entry, &result, err);
    discovery_result_clear(&result);
    json_decref(settings);
    return ok;
}

/* What was stored of the source called suffix, by key; -1: nothing. */
static int64_t stored_of(const char *suffix, const char *key)
{
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(world.rows, i, row)
    {
        const json_t *found = json_object_get(row, "found");
        if (strcmp(json_string_value(json_object_get(row, "name")), suffix) == 0) {
            assert_null(json_object_get(found, "after"));
            const json_t *start = json_object_get(found, key);
            return start == NULL ? -1 : json_integer_value(start);
        }
    }
    fail_msg("%s was not stored", suffix);
    return 0;
}

static int64_t start_of(const char *suffix)
{
    return stored_of(suffix, "start_ms");
}

static const char one[] = "[{\"name\":\"\"}]";
static const char parted[] = "[{\"name\":\"\"},{\"name\":\"set2\",\"after\":\"\"}]";

static void a_part_begins_at_the_last_mark_of_what_it_was_in(void **state)
{
    (void)state;
    struct error err = {0};
    world.is_started = true;
    assert_true(run(one, &err));
    assert_true(run(parted, &err));
    assert_int_equal(start_of(""), -1);
    assert_int_equal(start_of("set2"), SEALED_MS);
}

static void it_keeps_to_its_start_whatever_is_found_later(void **state)
{
    (void)state;
    struct error err = {0};
    world.is_started = true;
    assert_true(run(parted, &err));
    world.is_started = false;
    assert_true(run("[{\"name\":\"\"},{\"name\":\"set2\"}]", &err));
    assert_int_equal(start_of("set2"), SEALED_MS);
    assert_true(run(parted, &err));
    assert_int_equal(start_of("set2"), SEALED_MS);
}

/* Parted again before the part was ever read. */
static void a_part_of_a_part_begins_where_that_one_would_have(void **state)
{
    (void)state;
    struct error err = {0};
    world.is_started = true;
    assert_true(run(parted, &err));
    assert_true(run("[{\"name\":\"\"},{\"name\":\"set2\"},"
                    "{\"name\":\"set3\",\"after\":\"set2\"}]",
                    &err));
    assert_int_equal(start_of("set3"), SEALED_MS);
}

/* Its clock does not run while it is refused. */
static void what_was_never_read_looks_back_from_when_it_was_parted(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(run(parted, &err));
    assert_int_equal(start_of("set2"), -1);
    assert_int_equal(stored_of("set2", "since_ms"), NOW_MS - LOOKBACK_MS);
    assert_int_equal(stored_of("", "since_ms"), -1);
    world.is_started = true;
    assert_true(run(parted, &err));
    assert_int_equal(start_of("set2"), -1);
    assert_int_equal(stored_of("set2", "since_ms"), NOW_MS - LOOKBACK_MS);
}

static void a_start_that_cannot_be_looked_up_is_not_made_up(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(run(one, &err));
    world.is_broken = true;
    assert_false(run(parted, &err));
    assert_int_equal(err.kind, ERROR_STATE);
    assert_int_equal(json_array_size(world.rows), 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_part_begins_at_the_last_mark_of_what_it_was_in),
        CASE(it_keeps_to_its_start_whatever_is_found_later),
        CASE(a_part_of_a_part_begins_where_that_one_would_have),
        CASE(what_was_never_read_looks_back_from_when_it_was_parted),
        CASE(a_start_that_cannot_be_looked_up_is_not_made_up),
    };
    return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
