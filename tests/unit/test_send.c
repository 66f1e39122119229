/* sinks/send.h: who is sent what, how often, and who holds the line. */
#include "sinks/send.h"

#include "base/mem.h"
#include "config/principle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A destination that fails a few times and then takes what it is sent. */
struct sink {
    int failures_left;
    enum error_kind kind;
    int retry_after_ms;
    int64_t slow_ms; /* each call takes so long */
    int calls;
    size_t taken;
    int64_t deadline_ms; /* of the last call */
};

struct scene {
    struct sink sinks[2];
    struct open_sink open[2];
    struct send_route routes[2];
    struct batch batch;
    struct send_result result;
    struct runtime runtime;
    int64_t now_ms;
    struct error err;
};

static bool fake_send(struct sink *sink, const struct runtime *runtime,
                      const struct batch *batch, struct outcome *outcomes,
                      struct error *err)
{
    sink->calls++;
    sink->deadline_ms = batch->deadline_ms;
    ((struct scene *)runtime->context)->now_ms += sink->slow_ms;
    if (sink->failures_left > 0) {
        sink->failures_left--;
        error_set(err, sink->kind, "it failed");
        err->retry_after_ms = sink->retry_after_ms;
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (outcomes[i].kind == OUTCOME_RETRY) {
            outcomes[i].kind = OUTCOME_ACCEPTED;
            sink->taken++;
        }
    }
    return true;
}

static const struct sink_type type = {.name = "fake", .send = fake_send};

static int64_t now(void *context)
{
    return ((struct scene *)context)->now_ms;
}

static bool pass_time(void *context, int64_t ms, struct error *err)
{
    (void)err;
    ((struct scene *)context)->now_ms += ms;
    return true;
}

static void zero(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0, size);
}

static uint32_t bits_of(const char *ref)
{
    return ref == NULL ? 0 : principle_bit(principle_find(ref));
}

/* Two routes, the second optional; events of 2c, of 3f, and of no principle. */
static int set_up(void **state)
{
    struct scene *scene = mem_new(1, sizeof(*scene));
    scene->runtime = (struct runtime){.context = scene,
                                      .now_ms = now,
                                      .monotonic_ms = now,
                                      .wait = pass_time,
                                      .random = zero};
    for (size_t i = 0; i < 2; i++) {
        scene->open[i] = (struct open_sink){
            .name = i == 0 ? "soc" : "siem", .type = &type, .sink = &scene->sinks[i]};
        scene->routes[i] =
            (struct send_route){.sink = &scene->open[i], .is_required = i == 0};
    }
    batch_init(&scene->batch, "prod");
    batch_add(&scene->batch)->principles = bits_of("2c");
    batch_add(&scene->batch)->principles = bits_of("3f");
    batch_add(&scene->batch)->principles = 0;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    send_result_clear(&scene->result);
    batch_clear(&scene->batch);
    free(scene);
    return 0;
}

static bool send(struct scene *scene)
{
    const struct send_routes routes = {scene->routes, 2};
    return send_batch(&routes, &scene->runtime, &scene->batch, &scene->result,
                      &scene->err);
}

static void a_route_without_principles_gets_everything(void **state)
{
    struct scene *scene = *state;
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].taken, 3);
    assert_int_equal(scene->sinks[1].taken, 3);
    assert_int_equal(scene->result.unwanted_count, 0);
}

static void a_route_with_principles_gets_only_their_events(void **state)
{
    struct scene *scene = *state;
    scene->routes[1].principles = bits_of("2c") | bits_of("2b");
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].taken, 3);
    assert_int_equal(scene->sinks[1].taken, 1);
    assert_int_equal(scene->result.unwanted_count, 0);
    assert_int_equal(scene->result.missed_count, 0);
}

static void the_bridges_own_events_pass_every_filter(void **state)
{
    struct scene *scene = *state;
    scene->routes[0].principles = bits_of("2c");
    scene->routes[1].principles = bits_of("1a");
    batch_add(&scene->batch)->is_own = true;
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].taken, 2);
    assert_int_equal(scene->sinks[1].taken, 1);
}

static void events_that_no_route_wants_are_counted(void **state)
{
    struct scene *scene = *state;
    scene->routes[0].principles = bits_of("2c");
    scene->routes[1].principles = bits_of("1a");
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].taken, 1);
    assert_int_equal(scene->sinks[1].calls, 0);
    assert_int_equal(scene->result.unwanted_count, 2);
}

static void a_required_sink_is_tried_again_after_the_wait_it_asked_for(void **state)
{
    struct scene *scene = *state;
    scene->sinks[0] =
        (struct sink){.failures_left = 2, .kind = ERROR_BUSY, .retry_after_ms = 20000};
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].calls, 3);
    assert_int_equal(scene->now_ms, 40000);
    assert_int_equal(scene->sinks[0].deadline_ms, SEND_DEADLINE_MS);
}

static void a_required_sink_that_stays_down_fails_the_batch_in_time(void **state)
{
    struct scene *scene = *state;
    scene->sinks[0] =
        (struct sink){.failures_left = 1000, .kind = ERROR_UNREACHABLE, .slow_ms = 7000};
    assert_false(send(scene));
    assert_true(scene->now_ms <= SEND_DEADLINE_MS + 7000);
    assert_int_equal(scene->sinks[1].calls, 0);
    assert_string_equal(scene->err.text, "sink soc: it failed");
}

static void
a_sink_that_was_waited_for_in_vain_is_tried_once_until_it_decides(void **state)
{
    struct scene *scene = *state;
    scene->sinks[0] =
        (struct sink){.failures_left = 1000, .kind = ERROR_UNREACHABLE, .slow_ms = 7000};
    assert_false(send(scene));
    int64_t waited_ms = scene->now_ms;
    scene->sinks[0] = (struct sink){.failures_left = 2, .kind = ERROR_UNREACHABLE};
    assert_false(send(scene));
    assert_false(send(scene));
    assert_int_equal(scene->sinks[0].calls, 2);
    assert_int_equal(scene->now_ms, waited_ms);

    assert_true(send(scene));
    scene->sinks[0] = (struct sink){.failures_left = 1, .kind = ERROR_UNREACHABLE};
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].calls, 2);
}

static void a_batch_in_a_hurry_does_not_give_the_sink_up_for_others(void **state)
{
    struct scene *scene = *state;
    scene->sinks[0] =
        (struct sink){.failures_left = 1, .kind = ERROR_BUSY, .retry_after_ms = 20000};
    scene->batch.deadline_ms = 1000;
    assert_false(send(scene));
    scene->batch.deadline_ms = 0;
    scene->sinks[0].failures_left = 1;
    assert_true(send(scene));
}

static void a_held_sink_is_not_tried_twice(void **state)
{
    struct scene *scene = *state;
    scene->sinks[0] = (struct sink){.failures_left = 1, .kind = ERROR_DENIED};
    assert_false(send(scene));
    assert_int_equal(scene->sinks[0].calls, 1);
    assert_int_equal(scene->now_ms, 0);
}

enum { HOUR_MS = 3600 * 1000 };

/* Events an hour and a minute old, one of this moment, one of the bridge's own. */
static void fill_ages(struct scene *scene)
{
    static const int64_t ages[] = {HOUR_MS + 60000, HOUR_MS - 60000, 0, HOUR_MS + 60000};
    scene->now_ms = INT64_C(1795413600000);
    batch_add(&scene->batch)->is_own = true;
    for (size_t i = 0; i < scene->batch.count; i++) {
        scene->batch.events[i].time_ms = scene->now_ms - ages[i];
    }
    scene->open[0].max_age_ms = HOUR_MS;
}

static void what_is_older_than_a_sink_takes_is_refused_and_never_sent(void **state)
{
    struct scene *scene = *state;
    fill_ages(scene);
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].taken, 3);
    assert_int_equal(scene->sinks[1].taken, 4); /* it takes any age */
    assert_int_equal(scene->result.refusal_count, 1);
    assert_int_equal(scene->result.refusals[0].event, 0);
    assert_string_equal(scene->result.refusals[0].reason, "older than max_event_age");
    assert_int_equal(scene->open[0].counts.delivered, 3);
    assert_int_equal(scene->open[0].counts.refused, 1);
    assert_int_equal(scene->open[0].counts.too_old, 1);
    assert_int_equal(scene->open[1].counts.too_old, 0);
}

static void a_sink_that_is_sent_old_events_counts_them(void **state)
{
    struct scene *scene = *state;
    fill_ages(scene);
    scene->open[0].sends_old = true;
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].taken, 4);
    assert_int_equal(scene->result.refusal_count, 0);
    assert_int_equal(scene->open[0].counts.delivered, 4);
    assert_int_equal(scene->open[0].counts.too_old, 1);
}

static void a_batch_of_nothing_but_old_events_needs_no_request(void **state)
{
    struct scene *scene = *state;
    fill_ages(scene);
    for (size_t i = 0; i < scene->batch.count; i++) {
        scene->batch.events[i].time_ms = 1;
        scene->batch.events[i].is_own = false;
    }
    assert_true(send(scene));
    assert_int_equal(scene->sinks[0].calls, 0);
    assert_int_equal(scene->result.refusal_count, 4);
}

static void an_event_without_a_time_is_not_old(void **state)
{
    struct scene *scene = *state;
    fill_ages(scene);
    scene->batch.events[0].time_ms = 0;
    assert_true(send(scene));
    assert_int_equal(scene->result.refusal_count, 0);
}

static void an_optional_sink_is_tried_once_and_given_little_time(void **state)
{
    struct scene *scene = *state;
    scene->sinks[1] = (struct sink){.failures_left = 1, .kind = ERROR_UNREACHABLE};
    scene->routes[1].principles = bits_of("2c") | bits_of("3f");
    assert_true(send(scene));
    assert_int_equal(scene->sinks[1].calls, 1);
    assert_int_equal(scene->sinks[1].deadline_ms, SEND_OPTIONAL_MS);
    assert_int_equal(scene->result.missed_count, 2);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_route_without_principles_gets_everything),
        IN_SCENE(a_route_with_principles_gets_only_their_events),
        IN_SCENE(the_bridges_own_events_pass_every_filter),
        IN_SCENE(events_that_no_route_wants_are_counted),
        IN_SCENE(a_required_sink_is_tried_again_after_the_wait_it_asked_for),
        IN_SCENE(a_required_sink_that_stays_down_fails_the_batch_in_time),
        IN_SCENE(a_sink_that_was_waited_for_in_vain_is_tried_once_until_it_decides),
        IN_SCENE(a_batch_in_a_hurry_does_not_give_the_sink_up_for_others),
        IN_SCENE(a_held_sink_is_not_tried_twice),
        IN_SCENE(what_is_older_than_a_sink_takes_is_refused_and_never_sent),
        IN_SCENE(a_sink_that_is_sent_old_events_counts_them),
        IN_SCENE(a_batch_of_nothing_but_old_events_needs_no_request),
        IN_SCENE(an_event_without_a_time_is_not_old),
        IN_SCENE(an_optional_sink_is_tried_once_and_given_little_time),
    };
    return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
