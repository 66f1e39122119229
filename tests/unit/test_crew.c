/*
 * bridge/crew.h: many threads, a provider and a sink that count, and a real store. Run
 * under ThreadSanitizer, too.
 */
#include "bridge/crew.h"

#include "base/mem.h"
#include "bridge/denials.h"
#include "bridge/scout.h"
#include "mapping_world.h"
#include "sqlite_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SOURCES = 150, WORKERS = 12, PAGES = 3, RECORDS = 4, EVERY_MS = 1 };

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

/* What the fakes saw. */
static atomic_int busy[SOURCES];
static atomic_int turns[SOURCES];
static atomic_int overlaps;
static atomic_int delivered;
static int failing; /* this source's poll fails; SOURCES: none */
static int stopping;
static int interrupting;

struct session {
    size_t number;
};

static bool fake_open(const json_t *settings, const struct runtime *runtime,
                      struct session **session, struct error *err)
{
    (void)runtime;
    (void)err;
    *session = mem_new(1, sizeof(**session));
    (*session)->number = (size_t)json_integer_value(json_object_get(settings, "number"));
    overlaps += atomic_fetch_add(&busy[(*session)->number], 1) != 0;
    turns[(*session)->number]++;
    return true;
}

static void add_record(struct page *page, size_t source, int64_t number)
{
    size_t at = page->body.size;
    buf_addf(&page->body,
             "{\"id\":\"%zu-%lld\",\"time\":\"2026-11-24T00:00:00Z\",\"service\":\"s\","
             "\"op\":\"o\"}",
             source, (long long)number);
    const struct record record = {.bytes = {page->body.data + at, page->body.size - at}};
    page_add(page, &record, number);
}

static bool fake_poll(struct session *session, const struct slice *slice,
                      const json_t *place, struct page *page, struct error *err)
{
    (void)slice;
    if ((int)session->number == failing) {
        return error_set(err, ERROR_UNREACHABLE, "no such cloud");
    }
    if ((int)session->number == stopping) {
        runtime_stop();
    }
    if ((int)session->number == interrupting) {
        runtime_interrupt();
    }
    int64_t from = json_integer_value(place);
    page->done = from == (int64_t)PAGES * RECORDS;
    buf_init(&page->body, 4096);
    buf_reserve(&page->body, 4096);
    for (int64_t i = 0; !page->done && i < RECORDS; i++) {
        add_record(page, session->number, from + i);
    }
    page->place = json_integer(page->done ? from : from + RECORDS);
    return true;
}

static void fake_close(struct session *session)
{
    if (session != NULL) {
        atomic_fetch_sub(&busy[session->number], 1);
    }
    free(session);
}

static bool fake_send(struct sink *sink, const struct runtime *runtime,
                      const struct batch *batch, struct outcome *outcomes,
                      struct error *err)
{
    (void)sink;
    (void)runtime;
    (void)err;
    for (size_t i = 0; i < batch->count; i++) {
        outcomes[i].kind = OUTCOME_ACCEPTED;
    }
    for (size_t i = 0; i < batch->count; i++) {
        delivered += !batch->events[i].is_own;
    }
    return true;
}

static const struct sink_type sink_type = {.name = "fake", .send = fake_send};
static const struct provider free_provider = {
    .name = "free", .open = fake_open, .poll = fake_poll, .close = fake_close};
static const struct provider slow_provider = {.name = "slow",
                                              .quota = {.per_second = 0.1, .burst = 1},
                                              .open = fake_open,
                                              .poll = fake_poll,
                                              .close = fake_close};

struct world {
    struct runtime runtime;
    struct mapping_set *mappings;
    struct open_sink sink;
    struct send_route route;
    struct config nothing;           /* to be discovered: its sources are made by hand */
    struct config_source entries[2]; /* of the free provider, and of the slow one */
    json_t *settings;
    struct fleet fleet;
    struct error err;
};

static void add_source(struct world *world, size_t number)
{
    struct source *source = mem_new(1, sizeof(*source));
    world->fleet.sources[number] = source;
    const struct config_source *entry = &world->entries[0];
    *source = (struct source){
        .place = number,
        .config = entry,
        .name = mem_format("s%zu", number),
        .key = mem_format("s%zu", number),
        .settings = json_pack("{s:I}", "number", (json_int_t)number),
        .quota_key = mem_dup("fake"),
        .shape = &shape,
        .routes = mem_new(1, sizeof(struct send_route)),
        .route_count = 1,
    };
    source->routes[0] = world->route;
    source->formats[0] = true;
    source->origin = (struct event_origin){
        .mapping = mapping_find(world->mappings, &shape),
        .source = source->name,
        .provider = entry->provider->name,
    };
    assert_true(event_origin_init(&source->origin, NULL, NULL, &world->err));
}

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    struct problems problems = {0};
    const char *const packs[] = {"packs/order", NULL};
    *state = world;
    for (size_t i = 0; i < SOURCES; i++) {
        busy[i] = 0;
        turns[i] = 0;
    }
    overlaps = 0;
    delivered = 0;
    failing = SOURCES;
    stopping = SOURCES;
    interrupting = SOURCES;

    runtime_init(&world->runtime);
    assert_true(mapping_load(packs, shapes, &world->mappings, &problems));
    world->sink = (struct open_sink){.name = "platform", .type = &sink_type};
    world->route = (struct send_route){.sink = &world->sink, .is_required = true};
    world->entries[0] =
        (struct config_source){.provider = &free_provider, .every_ms = EVERY_MS};
    world->entries[1] =
        (struct config_source){.provider = &slow_provider, .every_ms = EVERY_MS};
    world->settings = file_settings();
    world->fleet.worker.runtime = &world->runtime;
    world->fleet.worker.store_type = &store_sqlite;
    world->fleet.worker.ratelimit = ratelimit_new();
    world->fleet.sources = mem_new(SOURCES, sizeof(*world->fleet.sources));
    world->fleet.source_count = SOURCES;
    for (size_t i = 0; i < SOURCES; i++) {
        add_source(world, i);
    }
    assert_true(store_sqlite.open(world->settings, &world->runtime,
                                  &world->fleet.worker.store, &world->err));
    world->fleet.plan.config = &world->nothing;
    world->fleet.worker.denials = denials_new();
    world->fleet.discover_ms = INT64_MAX;
    world->fleet.scout =
        scout_new(&world->nothing, &store_sqlite, world->fleet.worker.store);
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    fleet_close(&world->fleet);
    mapping_set_free(world->mappings);
    json_decref(world->settings);
    runtime_clear(&world->runtime);
    free(world);
    return 0;
}

static int64_t count_owned(const struct world *world)
{
    return file_number(file_path(world->settings),
                       "SELECT count(*) FROM source WHERE owner IS NOT NULL");
}

static size_t count_ends(const struct world *world, enum source_end end)
{
    size_t count = 0;
    for (size_t i = 0; i < world->fleet.source_count; i++) {
        count += world->fleet.sources[i]->end == end;
    }
    return count;
}

static void a_run_reads_every_source_to_its_end_with_one_thread_at_a_time(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = WORKERS, .is_once = true};
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(overlaps, 0);
    assert_int_equal(delivered, SOURCES * PAGES * RECORDS);
    assert_int_equal(count_ends(world, SOURCE_DONE), SOURCES);
    assert_int_equal(count_owned(world), 0);
    for (size_t i = 0; i < SOURCES; i++) {
        assert_int_equal(turns[i], 1);
    }
}

static void where_each_source_stands_is_stored_when_the_run_ends(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = WORKERS, .is_once = true};
    assert_true(crew_run(&world->fleet, &plan));
    for (size_t i = 0; i < SOURCES; i++) {
        world->fleet.sources[i]->end = SOURCE_IDLE;
        world->fleet.sources[i]->due_ms = 0;
    }
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(delivered, SOURCES * PAGES * RECORDS);
    assert_int_equal(count_ends(world, SOURCE_DONE), SOURCES);
}

static void sources_get_turns_again_until_the_time_is_up(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = WORKERS, .max_runtime_ms = 3000};
    world->fleet.source_count = 10;
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(overlaps, 0);
    assert_int_equal(delivered, 10 * PAGES * RECORDS);
    for (size_t i = 0; i < 10; i++) {
        assert_true(turns[i] >= 3);
    }
    world->fleet.source_count = SOURCES;
    assert_int_equal(count_owned(world), 0);
}

static void a_used_up_budget_holds_up_no_other_source(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = 2, .max_runtime_ms = 1500};
    for (size_t i = 0; i < SOURCES - 1; i++) { /* they are due first */
        world->fleet.sources[i]->config = &world->entries[1];
    }
    free(world->fleet.sources[SOURCES - 1]->quota_key);
    world->fleet.sources[SOURCES - 1]->quota_key = mem_dup("another");
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(count_ends(world, SOURCE_FAILED), 0);
    assert_int_equal(count_owned(world), 0);
    /* All of the other source, and the one page that the budget allows the many. */
    assert_int_equal(delivered, (PAGES + 1) * RECORDS);
}

static void one_failing_source_stops_no_other(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = WORKERS, .is_once = true};
    failing = 5;
    assert_false(crew_run(&world->fleet, &plan));
    assert_int_equal(count_ends(world, SOURCE_FAILED), 1);
    assert_int_equal(count_ends(world, SOURCE_DONE), SOURCES - 1);
    assert_int_equal(count_owned(world), 0);
}

static void what_another_process_reads_is_left_to_it(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = WORKERS, .is_once = true};
    struct store *other = NULL;
    struct claim claim = {0};
    assert_true(store_sqlite.open(world->settings, &world->runtime, &other, &world->err));
    assert_true(file_claim(other, "s7", &claim, &world->err));
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(world->fleet.sources[7]->end, SOURCE_HELD);
    assert_int_equal(count_ends(world, SOURCE_DONE), SOURCES - 1);
    assert_int_equal(count_owned(world), 1);
    claim_clear(&claim);
    store_sqlite.close(other);
}

static void an_interrupted_run_gives_all_back_and_goes_on_where_it_was(void **state)
{
    struct world *world = *state;
    struct crew_plan plan = {.worker_count = WORKERS};
    interrupting = SOURCES / 2;
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(overlaps, 0);
    assert_int_equal(count_owned(world), 0);
    assert_int_equal(count_ends(world, SOURCE_FAILED), 0);
    assert_true(delivered < SOURCES * PAGES * RECORDS);

    assert_true(runtime_resume());
    interrupting = SOURCES;
    plan.is_once = true;
    for (size_t i = 0; i < SOURCES; i++) {
        world->fleet.sources[i]->end = SOURCE_IDLE;
    }
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(delivered, SOURCES * PAGES * RECORDS);
    assert_int_equal(count_ends(world, SOURCE_DONE), SOURCES);
}

/* Comes last: a stop is for ever. */
static void a_stop_ends_every_turn_and_gives_every_source_back(void **state)
{
    struct world *world = *state;
    const struct crew_plan plan = {.worker_count = WORKERS};
    stopping = SOURCES / 2;
    assert_true(crew_run(&world->fleet, &plan));
    assert_int_equal(overlaps, 0);
    assert_int_equal(count_ends(world, SOURCE_FAILED), 0);
    assert_int_equal(count_owned(world), 0);
}

int main(void)
{
    if (!file_start()) {
        return 1;
    }
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_run_reads_every_source_to_its_end_with_one_thread_at_a_time),
        CASE(where_each_source_stands_is_stored_when_the_run_ends),
        CASE(sources_get_turns_again_until_the_time_is_up),
        CASE(a_used_up_budget_holds_up_no_other_source),
        CASE(one_failing_source_stops_no_other),
        CASE(what_another_process_reads_is_left_to_it),
        CASE(an_interrupted_run_gives_all_back_and_goes_on_where_it_was),
        CASE(a_stop_ends_every_turn_and_gives_every_source_back),
    };
#undef CASE
    int failed = cmocka_run_group_tests_name("crew", tests, NULL, NULL);
    file_end();
    return failed;
}
