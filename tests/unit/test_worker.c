/* bridge/worker.h: one turn of one source, its clock and its request budget. */
#include "bridge/worker.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/denials.h"
#include "bridge/queue.h"
#include "store/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REQUEST_MS = 100, PAGES_MAX = 2 * WORKER_TURN_PAGES };

static const int64_t cloud_start_ms = INT64_C(1790000000000);

/* A cloud without events, whose API may or may not tell the time. */
struct world {
    int64_t monotonic_ms;
    int64_t off_ms; /* how far this machine's clock is ahead of the cloud's */
    bool sends_date;
    size_t requests;
    size_t gaps;
    struct runtime runtime;
    struct config_source config;
    struct worker worker;
    struct source source;
};

static struct world *world;

static int64_t cloud_ms(void)
{
    return cloud_start_ms + world->monotonic_ms;
}

static int64_t now_ms(void *context)
{
    (void)context;
    return cloud_ms() + world->off_ms;
}

static int64_t monotonic_ms(void *context)
{
    (void)context;
    return world->monotonic_ms;
}

static bool wait(void *context, int64_t ms, struct error *err)
{
    (void)context;
    (void)err;
    world->monotonic_ms += ms;
    return true;
}

static bool fake_open(const json_t *settings, const struct runtime *runtime,
                      struct session **session, struct error *err)
{
    (void)settings;
    (void)runtime;
    (void)session;
    (void)err;
    return true;
}

static bool fake_poll(struct session *session, const struct slice *slice,
                      const json_t *place, struct page *page, struct error *err)
{
    (void)session;
    (void)slice;
    (void)place;
    (void)err;
    world->requests++;
    world->monotonic_ms += REQUEST_MS;
    page->date_ms = world->sends_date ? cloud_ms() : 0;
    page->done = true;
    return world->requests < PAGES_MAX;
}

static void fake_close(struct session *session)
{
    (void)session;
}

static bool fake_count(struct store *store, const struct claim *claim, size_t *count,
                       struct error *err)
{
    (void)store;
    (void)claim;
    (void)err;
    *count = 0;
    return true;
}

static bool fake_commit(struct store *store, struct claim *claim,
                        const struct store_commit *commit, struct error *err)
{
    (void)store;
    (void)claim;
    (void)commit;
    (void)err;
    return true;
}

static bool fake_gap(struct store *store, const struct claim *claim,
                     const struct store_gap *gap, struct error *err)
{
    (void)store;
    (void)claim;
    (void)gap;
    (void)err;
    world->gaps++;
    return true;
}

static const struct ledger_type ledger_type = {.gap = fake_gap};
static const struct store_type store_type = {
    .id_count = fake_count, .commit = fake_commit, .ledger = &ledger_type};
static const struct slicing slicing = {.passes = 2,
                                       .age_ms = {MS_PER_MINUTE, MS_PER_HOUR},
                                       .span_ms = 7 * MS_PER_DAY,
                                       .grain_ms = MS_PER_SECOND,
                                       .retention_ms = 90 * (int64_t)MS_PER_DAY};
static const struct provider provider = {.name = "fake",
                                         .slicing = &slicing,
                                         .quota = {.per_second = 1, .burst = 1},
                                         .open = fake_open,
                                         .poll = fake_poll,
                                         .close = fake_close};

static char name[] = "prod";
static char key[] = "quota";

static int set_up(void **state)
{
    (void)state;
    world = mem_new(1, sizeof(*world));
    world->sends_date = true;
    world->runtime =
        (struct runtime){.now_ms = now_ms, .monotonic_ms = monotonic_ms, .wait = wait};
    world->config =
        (struct config_source){.provider = &provider, .every_ms = MS_PER_MINUTE};
    world->worker = (struct worker){.store_type = &store_type,
                                    .runtime = &world->runtime,
                                    .ratelimit = ratelimit_new(),
                                    .denials = denials_new()};
    world->source = (struct source){.config = &world->config,
                                    .name = name,
                                    .quota_key = key,
                                    .claim = {.source = name, .is_new = false}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ratelimit_free(world->worker.ratelimit);
    denials_free(world->worker.denials);
    page_reader_clear(&world->worker.reader);
    json_decref(world->source.claim.cursor.place);
    free(world);
    return 0;
}

/* The source was read to its end so long ago. */
static void was_last_read(int64_t ago_ms)
{
    struct cursor *cursor = &world->source.claim.cursor;
    *cursor =
        (struct cursor){.start_ms = cloud_ms() - ago_ms, .span_ms = slicing.span_ms};
    for (size_t i = 0; i < SLICE_PASSES; i++) {
        cursor->mark_ms[i] = cursor->start_ms;
    }
}

static int64_t behind_ms(void)
{
    return cloud_ms() - world->source.claim.cursor.mark_ms[0];
}

static void an_api_without_a_date_is_read_by_our_clock(void **state)
{
    (void)state;
    world->sends_date = false;
    was_last_read(MS_PER_HOUR);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_DONE);
    assert_int_equal(world->requests, 1);
    assert_true(behind_ms() < 2 * MS_PER_MINUTE);
}

static void an_api_without_a_date_gives_up_what_is_gone_and_goes_on(void **state)
{
    (void)state;
    world->sends_date = false;
    was_last_read(100 * (int64_t)MS_PER_DAY);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_DONE);
    assert_true(world->gaps > 0);
    assert_true(world->requests < 20);
    assert_true(behind_ms() < 2 * MS_PER_MINUTE);
}

static void what_is_gone_by_our_clock_alone_is_not_given_up(void **state)
{
    (void)state;
    world->off_ms = 365 * (int64_t)MS_PER_DAY;
    was_last_read(MS_PER_HOUR);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_DONE);
    assert_int_equal(world->gaps, 0);
    assert_true(behind_ms() < 2 * MS_PER_MINUTE);
}

/* The bucket is empty for so long. */
static void use_up_budget(int64_t ms)
{
    const struct ratelimit_budget budget = {1, 1, INT64_MAX};
    for (int64_t used = 0; used < ms; used += MS_PER_SECOND) {
        ratelimit_take(world->worker.ratelimit, key, &budget, world->monotonic_ms);
    }
}

static void a_short_wait_for_the_budget_is_waited(void **state)
{
    (void)state;
    was_last_read(MS_PER_HOUR);
    use_up_budget(2 * MS_PER_SECOND);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_DONE);
    assert_int_equal(world->monotonic_ms, 2 * MS_PER_SECOND + REQUEST_MS);
}

static void a_configured_fraction_of_a_request_a_second_is_kept(void **state)
{
    (void)state;
    was_last_read(MS_PER_HOUR);
    const struct ratelimit_budget budget = {0.5, 1, INT64_MAX};
    ratelimit_take(world->worker.ratelimit, key, &budget, world->monotonic_ms);
    world->source.settings = json_pack("{s:f}", "requests_per_second", 0.5);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_DONE);
    assert_int_equal(world->monotonic_ms, 2 * MS_PER_SECOND + REQUEST_MS);
    json_decref(world->source.settings);
}

static void a_short_wait_is_left_to_others_that_want_the_thread(void **state)
{
    (void)state;
    struct source other = {0};
    struct source *ready = &other;
    was_last_read(MS_PER_HOUR);
    use_up_budget(2 * MS_PER_SECOND);
    world->worker.queue = queue_new(2, 1);
    queue_ready(world->worker.queue, &ready, 1);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_PAUSED);
    assert_int_equal(world->source.due_ms, 2 * MS_PER_SECOND);
    assert_int_equal(world->requests, 0);
    assert_int_equal(world->monotonic_ms, 0);
    queue_free(world->worker.queue);
}

static void a_long_wait_for_the_budget_ends_the_turn(void **state)
{
    (void)state;
    was_last_read(MS_PER_HOUR);
    use_up_budget(20 * MS_PER_SECOND);
    worker_run(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_PAUSED);
    assert_int_equal(world->source.due_ms, 20 * MS_PER_SECOND);
    assert_int_equal(world->monotonic_ms, 0);
}

static void a_lost_lease_is_no_failure(void **state)
{
    (void)state;
    world->source.claim.source = mem_dup(name);
    error_set(&world->source.error, ERROR_LOST, "another process has it");
    worker_refused(&world->worker, &world->source);
    assert_int_equal(world->source.end, SOURCE_HELD);
    assert_null(world->source.claim.source); /* so that it is not given back */
    assert_int_equal(world->source.due_ms, MS_PER_MINUTE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(an_api_without_a_date_is_read_by_our_clock),
        CASE(an_api_without_a_date_gives_up_what_is_gone_and_goes_on),
        CASE(what_is_gone_by_our_clock_alone_is_not_given_up),
        CASE(a_short_wait_for_the_budget_is_waited),
        CASE(a_configured_fraction_of_a_request_a_second_is_kept),
        CASE(a_short_wait_is_left_to_others_that_want_the_thread),
        CASE(a_long_wait_for_the_budget_ends_the_turn),
        CASE(a_lost_lease_is_no_failure),
    };
#undef CASE
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
