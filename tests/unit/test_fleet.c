/*
 * bridge/fleet.h: a fleet that follows another, as a reload makes it; over a real store.
 */
#include "bridge/fleet.h"

#include "base/mem.h"
#include "mapping_world.h"
#include "sqlite_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENTRIES = 3 };

static const struct record_shape shape = {
    .name = "plain",
    .cloud = "aws",
    .module = "aws",
    .dataset = "aws.test",
    .id_prefix = "test",
    .id_parts = {{RECORD_ID_PATH, "id"}},
    .time_path = "time",
    .service_path = "service",
    .operation_path = "op",
};
static const struct record_shape *const shapes[] = {&shape, NULL};

static int asked; /* how often what an entry stands for */

static bool fake_expand(const json_t *settings, const struct runtime *runtime,
                        json_t **sources, struct error *err)
{
    (void)runtime;
    (void)err;
    asked++;
    json_t *source = json_copy((json_t *)settings);
    json_object_set_new(source, "name", json_string(""));
    *sources = json_pack("[o]", source);
    return true;
}

static const struct provider provider = {
    .name = "fake", .shape = &shape, .expand = fake_expand};
static const struct provider *const providers[] = {&provider, NULL};

static int open_sinks; /* now */

static bool sink_open(const json_t *settings, enum event_format format,
                      const struct runtime *runtime, struct sink **sink,
                      struct error *err)
{
    (void)settings;
    (void)format;
    (void)runtime;
    (void)sink;
    (void)err;
    open_sinks++;
    return true;
}

static void sink_close(struct sink *sink)
{
    (void)sink;
    open_sinks--;
}

static const struct sink_type sink_type = {
    .name = "fake", .open = sink_open, .close = sink_close};

/* A configuration by hand, of the first entries of a, b, c. */
struct plan {
    char names[ENTRIES][2];
    struct config_route route;
    struct config_source sources[ENTRIES];
    struct config_sink sink;
    struct config config;
};

struct world {
    struct runtime runtime;
    struct runtime other;
    struct mapping_set *mappings;
    json_t *state;
    struct plan old_plan;
    struct plan new_plan;
    struct fleet old;
    struct fleet next;
    struct error err;
};

static void make_plan(struct plan *plan, size_t count, json_t *state)
{
    static char sink_name[] = "platform";
    plan->route = (struct config_route){.is_required = true};
    plan->sink = (struct config_sink){.name = sink_name, .type = &sink_type};
    for (size_t i = 0; i < count; i++) {
        plan->names[i][0] = (char)('a' + i);
        plan->sources[i] = (struct config_source){
            .name = plan->names[i],
            .provider = &provider,
            .settings = json_object(),
            .routes = &plan->route,
            .route_count = 1,
            .every_ms = 1000,
        };
    }
    plan->config = (struct config){.state = state,
                                   .sinks = &plan->sink,
                                   .sink_count = 1,
                                   .sources = plan->sources,
                                   .source_count = count};
}

static bool open_fleet(struct world *world, struct fleet *fleet, const struct plan *plan,
                       const struct fleet *before)
{
    const struct fleet_plan how = {
        .config = &plan->config,
        .mappings = world->mappings,
        .providers = providers,
        .runtime = before == NULL ? &world->runtime : &world->other,
        .before = before,
    };
    return fleet_open(fleet, &how, &world->err);
}

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    struct problems problems = {0};
    const char *const packs[] = {"packs/order", NULL};
    *state = world;
    asked = 0;
    runtime_init(&world->runtime);
    runtime_init(&world->other);
    assert_true(mapping_load(packs, shapes, &world->mappings, &problems));
    world->state = file_settings();
    make_plan(&world->old_plan, 2, world->state);
    assert_true(open_fleet(world, &world->old, &world->old_plan, NULL));
    assert_int_equal(asked, 2);
    return 0;
}

static void clear_plan(struct plan *plan)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        json_decref(plan->sources[i].settings);
    }
}

static int tear_down(void **state)
{
    struct world *world = *state;
    fleet_close(&world->next);
    fleet_close(&world->old);
    assert_int_equal(open_sinks, 0);
    clear_plan(&world->old_plan);
    clear_plan(&world->new_plan);
    mapping_set_free(world->mappings);
    json_decref(world->state);
    runtime_clear(&world->other);
    runtime_clear(&world->runtime);
    free(world);
    return 0;
}

static void only_what_is_new_or_changed_is_asked_for(void **state)
{
    struct world *world = *state;
    make_plan(&world->new_plan, 3, world->state);
    json_object_set_new(world->new_plan.sources[1].settings, "account", json_string("1"));
    assert_true(open_fleet(world, &world->next, &world->new_plan, &world->old));
    assert_int_equal(asked, 2 + 2);
    assert_int_equal(world->next.source_count, 3);
}

static void what_a_run_has_learned_goes_on(void **state)
{
    struct world *world = *state;
    struct source *old = world->old.sources[0];
    old->counts.delivered = 7;
    old->counts.by_principle[3] = 5;
    old->end = SOURCE_DONE;
    old->due_ms = 12345;
    world->old.sources[1]->counts.delivered = 2;
    world->old.sources[1]->end = SOURCE_FAILED;
    world->old.sources[1]->due_ms = 12345;
    atomic_store(&world->old.sinks[0].counts.delivered, 9);
    make_plan(&world->new_plan, 3, world->state);
    assert_true(open_fleet(world, &world->next, &world->new_plan, &world->old));
    fleet_follow(&world->next, &world->old);

    assert_int_equal(world->next.sources[0]->counts.delivered, 7);
    assert_int_equal(world->next.sources[0]->counts.by_principle[3], 5);
    assert_int_equal(world->next.sources[0]->due_ms, 12345);
    assert_int_equal(world->next.sources[1]->due_ms, 0); /* it may be mended: at once */
    assert_int_equal(world->next.sources[2]->counts.delivered, 0);
    assert_int_equal(atomic_load(&world->next.sinks[0].counts.delivered), 9);
    assert_ptr_equal(world->next.worker.runtime, &world->runtime);
    assert_int_equal(world->next.left_count, 0);
}

static void a_source_that_changed_is_looked_at_at_once(void **state)
{
    struct world *world = *state;
    world->old.sources[0]->end = SOURCE_DONE;
    world->old.sources[0]->due_ms = 12345;
    make_plan(&world->new_plan, 2, world->state);
    world->new_plan.sources[0].every_ms = 500;
    assert_true(open_fleet(world, &world->next, &world->new_plan, &world->old));
    fleet_follow(&world->next, &world->old);
    assert_int_equal(world->next.sources[0]->due_ms, 0);
}

static void what_left_stays_in_the_sums_through_every_reload(void **state)
{
    struct world *world = *state;
    struct fleet third = {0};
    world->old.sources[1]->counts.delivered = 2;
    make_plan(&world->new_plan, 1, world->state);
    assert_true(open_fleet(world, &world->next, &world->new_plan, &world->old));
    fleet_follow(&world->next, &world->old);
    fleet_close(&world->old);
    assert_int_equal(world->next.left_count, 1);
    assert_int_equal(world->next.left[0].counts.delivered, 2);

    assert_true(open_fleet(world, &third, &world->new_plan, &world->next));
    fleet_follow(&third, &world->next);
    assert_int_equal(third.left_count, 1);
    assert_int_equal(third.left[0].counts.delivered, 2);
    fleet_close(&third);
}

static void one_that_never_follows_leaves_the_store_to_the_other(void **state)
{
    struct world *world = *state;
    json_t *known = NULL;
    make_plan(&world->new_plan, 3, world->state);
    assert_true(open_fleet(world, &world->next, &world->new_plan, &world->old));
    fleet_close(&world->next);
    assert_int_equal(open_sinks, 1);
    assert_true(world->old.worker.store_type->discovered(world->old.worker.store, "a",
                                                         &known, &world->err));
    assert_int_equal(json_array_size(known), 1);
    json_decref(known);
}

int main(void)
{
    if (!file_start()) {
        return 1;
    }
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(only_what_is_new_or_changed_is_asked_for),
        CASE(what_a_run_has_learned_goes_on),
        CASE(a_source_that_changed_is_looked_at_at_once),
        CASE(what_left_stays_in_the_sums_through_every_reload),
        CASE(one_that_never_follows_leaves_the_store_to_the_other),
    };
    int failed = cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
    file_end();
    return failed;
}
