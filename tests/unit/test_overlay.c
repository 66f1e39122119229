/* store/overlay.h: begins as the real store has it, and leaves that as it is. */
#include "store/overlay.h"

#include "base/mem.h"
#include "sqlite_file.h"
#include "store/idset.h"
#include "store/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { EVENTS = 30, MANY_IDS = 5000 };

static void commit(const struct store_type *type, struct store *store,
                   struct claim *claim, uint32_t first)
{
    struct error err = {0};
    struct store_delivered events[EVENTS];
    struct cursor next = claim->cursor;
    for (uint32_t i = 0; i < EVENTS; i++) {
        events[i] = suite_event(first + i);
    }
    next.start_ms = 1;
    next.mark_ms[0] = (int64_t)first + 1;
    const struct store_commit batch = {.cursor = &next,
                                       .delivered = events,
                                       .delivered_count = EVENTS,
                                       .forget_ms = INT64_MIN,
                                       .keeps_ids = true};
    assert_true(type->commit(store, claim, &batch, &err));
}

/* A real store in which source "prod" has delivered the first events. */
static json_t *real_store(void)
{
    struct error err = {0};
    struct claim claim = {0};
    struct store *store = NULL;
    json_t *settings = file_settings();
    assert_true(file_open(settings, &store, &err));
    assert_true(file_claim(store, "prod", &claim, &err));
    commit(&store_sqlite, store, &claim, 0);
    assert_true(suite_release(&store_sqlite, store, &claim, &err));
    claim_clear(&claim);
    store_sqlite.close(store);
    return settings;
}

static struct store *open_overlay(const json_t *settings)
{
    struct error err = {0};
    struct store *store = NULL;
    assert_true(overlay_type.open(settings, &file_runtime, &store, &err));
    return store;
}

static size_t count_known(struct store *store, const struct claim *claim, uint32_t count)
{
    size_t known = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct error err = {0};
        struct store_delivered event = suite_event(i);
        assert_true(overlay_type.known(store, claim, &event, 1, &err));
        known += event.is_known;
    }
    return known;
}

static void test_it_goes_on_from_the_real_store_and_leaves_that_alone(void **state)
{
    (void)state;
    struct error err = {0};
    struct claim claim = {0};
    size_t ids = 0;
    json_t *settings = real_store();
    struct store *store = open_overlay(settings);
    assert_true(suite_claim(&overlay_type, store, "prod", &claim, &err));
    assert_false(claim.is_new);
    assert_int_equal(claim.cursor.mark_ms[0], 1);
    assert_int_equal(count_known(store, &claim, 3 * EVENTS), EVENTS);

    commit(&overlay_type, store, &claim, EVENTS);
    claim.cursor.mark_ms[0] = INT64_C(1000); /* moved on, and never settled */
    assert_true(suite_release(&overlay_type, store, &claim, &err));
    claim_clear(&claim);
    assert_true(suite_claim(&overlay_type, store, "prod", &claim, &err));
    assert_int_equal(claim.cursor.mark_ms[0], EVENTS + 1);
    assert_int_equal(count_known(store, &claim, 3 * EVENTS), 2 * EVENTS);
    assert_true(overlay_type.id_count(store, &claim, &ids, &err));
    assert_int_equal(ids, 2 * EVENTS);
    claim_clear(&claim);
    overlay_type.close(store);

    const char *path = file_path(settings);
    assert_int_equal(file_number(path, "SELECT count(*) FROM ids"), EVENTS);
    assert_int_equal(file_number(path, "SELECT mark1 FROM source"), 1);
    assert_int_equal(file_number(path, "SELECT count(*) FROM owner"), 0);
    json_decref(settings);
}

static void test_a_source_put_elsewhere_forgets_what_was_known(void **state)
{
    (void)state;
    struct error err = {0};
    struct claim claim = {0};
    const struct cursor cursor = {.start_ms = 7, .mark_ms = {7, 7, 7, 7}};
    const struct store_placement placement = {.cursor = &cursor};
    json_t *settings = real_store();
    struct store *store = open_overlay(settings);
    assert_true(suite_claim(&overlay_type, store, "prod", &claim, &err));
    assert_true(overlay_type.inspect->place(store, &claim, &placement, &err));
    assert_int_equal(count_known(store, &claim, EVENTS), 0);
    claim_clear(&claim);
    overlay_type.close(store);
    json_decref(settings);
}

static void test_without_a_store_everything_is_new(void **state)
{
    (void)state;
    struct error err = {0};
    struct claim claim = {0};
    json_t *known = NULL;
    json_t *settings = file_settings();
    struct store *store = open_overlay(settings);
    assert_true(suite_claim(&overlay_type, store, "prod", &claim, &err));
    assert_true(claim.is_new);
    assert_int_equal(count_known(store, &claim, EVENTS), 0);
    assert_true(overlay_type.discovered(store, "prod", &known, &err));
    assert_int_equal(json_array_size(known), 0);
    json_array_append_new(known, json_pack("{s:s}", "name", "eu"));
    assert_true(overlay_type.discover(store, "prod", known, &err));
    json_decref(known);
    assert_true(overlay_type.discovered(store, "prod", &known, &err));
    assert_int_equal(json_array_size(known), 1);
    json_decref(known);
    claim_clear(&claim);
    overlay_type.close(store);
    json_decref(settings);
}

static void test_ids_are_had_until_they_are_old(void **state)
{
    (void)state;
    struct idset set = {0};
    const struct store_delivered middle = suite_event(MANY_IDS / 2);
    for (uint32_t i = 0; i < MANY_IDS; i++) {
        const struct store_delivered event = suite_event(i);
        assert_false(idset_has(&set, &event));
        idset_add(&set, &event);
        idset_add(&set, &event);
        assert_int_equal(set.count, i + 1);
    }
    idset_forget(&set, middle.time_ms);
    for (uint32_t i = 0; i < MANY_IDS; i++) {
        const struct store_delivered event = suite_event(i);
        assert_int_equal(idset_has(&set, &event), event.time_ms >= middle.time_ms);
    }
    idset_clear(&set);
    assert_false(idset_has(&set, &middle));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_goes_on_from_the_real_store_and_leaves_that_alone),
        cmocka_unit_test(test_a_source_put_elsewhere_forgets_what_was_known),
        cmocka_unit_test(test_without_a_store_everything_is_new),
        cmocka_unit_test(test_ids_are_had_until_they_are_old),
    };
    bool is_ready = file_start();
    int failed = is_ready ? cmocka_run_group_tests_name("overlay", tests, NULL, NULL) : 1;
    file_end();
    return failed;
}
