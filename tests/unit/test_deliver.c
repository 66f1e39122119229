/* bridge/deliver.h: the order of the calls is the product. */
#include "bridge/deliver.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What the fake sink and the fake store saw, in order, as one text. */
struct scene {
    struct buf calls;
    bool is_sink_down;
    bool refuses_first;
    const uint8_t *known; /* the id16 that the store holds, or NULL */
};

static struct scene *scene;

static bool fake_send(struct sink *sink, const struct runtime *runtime,
                      const struct batch *batch, struct outcome *outcomes,
                      struct error *err)
{
    (void)sink;
    (void)runtime;
    buf_addf(&scene->calls, "send %zu; ", batch->count);
    if (scene->is_sink_down) {
        return error_set(err, ERROR_DENIED, "wrong key");
    }
    for (size_t i = 0; i < batch->count; i++) {
        outcomes[i].kind = OUTCOME_ACCEPTED;
    }
    if (scene->refuses_first) {
        outcomes[0].kind = OUTCOME_REFUSED;
        snprintf(outcomes[0].reason, sizeof(outcomes[0].reason), "poison");
    }
    return true;
}

static bool fake_known(struct store *store, const struct claim *claim,
                       struct store_delivered *events, size_t count, struct error *err)
{
    (void)store;
    (void)claim;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        events[i].is_known =
            scene->known != NULL && memcmp(events[i].id16, scene->known, ID16_SIZE) == 0;
    }
    return true;
}

static bool fake_commit(struct store *store, struct claim *claim,
                        const struct store_commit *commit, struct error *err)
{
    (void)store;
    (void)claim;
    (void)err;
    buf_addf(&scene->calls, "commit %zu", commit->delivered_count);
    for (size_t i = 0; i < commit->letter_count; i++) {
        buf_addf(&scene->calls, " letter %s %s %s", commit->letters[i].event_id,
                 commit->letters[i].sink, commit->letters[i].reason);
    }
    buf_addf(&scene->calls, " head %lld; ",
             (long long)commit->cursor->mark_ms[0] / MS_PER_MINUTE);
    return true;
}

static const struct sink_type sink_type = {.name = "fake", .send = fake_send};
static const struct store_type store_type = {.known = fake_known, .commit = fake_commit};

static int64_t now(void *context)
{
    (void)context;
    return MS_PER_HOUR;
}

static void no_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0, size);
}

static const struct runtime runtime = {
    .now_ms = now, .monotonic_ms = now, .random = no_random};
static const struct slicing slicing = {.passes = 2,
                                       .age_ms = {MS_PER_MINUTE, MS_PER_HOUR},
                                       .span_ms = MS_PER_HOUR,
                                       .grain_ms = MS_PER_SECOND,
                                       .retention_ms = MS_PER_DAY};
static const struct provider provider = {.name = "fake", .slicing = &slicing};
static const struct config_source config = {.provider = &provider};

struct bench {
    struct scene scene;
    struct open_sink sink;
    struct send_route route;
    struct worker worker;
    struct source source;
    struct batch batch;
};

static char source_name[] = "test";

static int set_up(void **state)
{
    struct bench *bench = mem_new(1, sizeof(*bench));
    scene = &bench->scene;
    buf_init(&bench->scene.calls, 4096);
    bench->sink = (struct open_sink){.name = "platform", .type = &sink_type};
    bench->route = (struct send_route){.sink = &bench->sink, .is_required = true};
    bench->worker = (struct worker){.store_type = &store_type, .runtime = &runtime};
    bench->source = (struct source){
        .config = &config,
        .name = source_name,
        .routes = &bench->route,
        .route_count = 1,
        .claim.cursor = {.is_open = true,
                         .span_ms = MS_PER_HOUR,
                         .slice = {0, 30 * MS_PER_MINUTE, MS_PER_HOUR}},
    };
    batch_init(&bench->batch, "test");
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    batch_clear(&bench->batch);
    buf_clear(&bench->scene.calls);
    free(bench);
    return 0;
}

static void add(struct bench *bench, char id)
{
    struct batch_event *event = batch_add(&bench->batch);
    memset(event->id16, id, ID16_SIZE);
    event->id_at = bench->batch.ids.size;
    buf_addf(&bench->batch.ids, "id-%c", id);
    buf_add_byte(&bench->batch.ids, '\0');
}

static bool deliver(struct bench *bench, size_t finished_pages, struct error *err)
{
    return deliver_batch(&bench->worker, &bench->source, &bench->batch, finished_pages,
                         err);
}

static void commit_follows_delivery(void **state)
{
    struct bench *bench = *state;
    add(bench, 'a');
    add(bench, 'b');
    assert_true(deliver(bench, 1, NULL));
    assert_string_equal(buf_text(&scene->calls), "send 2; commit 2 head 30; ");
    assert_int_equal(bench->source.claim.cursor.mark_ms[0], 30 * MS_PER_MINUTE);
    assert_int_equal(bench->source.counts.delivered, 2);
}

static void nothing_moves_while_a_required_sink_is_held(void **state)
{
    struct bench *bench = *state;
    struct error err = {0};
    scene->is_sink_down = true;
    add(bench, 'a');
    assert_false(deliver(bench, 1, &err));
    assert_string_equal(err.text, "sink platform: wrong key");
    assert_string_equal(buf_text(&scene->calls), "send 1; ");
    assert_int_equal(bench->source.claim.cursor.mark_ms[0], 0);
    assert_true(bench->source.claim.cursor.is_open);
}

static void what_an_optional_sink_misses_does_not_hold_the_line(void **state)
{
    struct bench *bench = *state;
    scene->is_sink_down = true;
    bench->route.is_required = false;
    add(bench, 'a');
    assert_true(deliver(bench, 1, NULL));
    assert_string_equal(buf_text(&scene->calls), "send 1; commit 1 head 30; ");
    assert_int_equal(bench->source.counts.missed, 1);
}

static void what_was_delivered_before_is_not_sent_again(void **state)
{
    struct bench *bench = *state;
    uint8_t known[ID16_SIZE];
    memset(known, 'a', sizeof(known));
    scene->known = known;
    add(bench, 'a');
    add(bench, 'b');
    add(bench, 'b'); /* neighbouring pages may overlap */
    assert_true(deliver(bench, 0, NULL));
    assert_string_equal(buf_text(&scene->calls), "send 1; commit 1 head 0; ");
    assert_int_equal(bench->source.counts.known, 2);
}

/* The first pass had been there: the cloud had not shown it then. */
static void what_the_last_pass_alone_finds_is_late(void **state)
{
    struct bench *bench = *state;
    bench->source.claim.cursor.mark_ms[0] = 2000;
    add(bench, 'a');
    bench->batch.events[0].time_ms = 1999;
    add(bench, 'b');
    bench->batch.events[1].time_ms = 2000;
    assert_true(deliver(bench, 0, NULL));
    assert_int_equal(bench->source.counts.delivered, 2);
    assert_int_equal(bench->source.counts.late, 1);
}

static void a_refused_event_becomes_a_dead_letter_of_the_same_commit(void **state)
{
    struct bench *bench = *state;
    scene->refuses_first = true;
    add(bench, 'a');
    add(bench, 'b');
    assert_true(deliver(bench, 0, NULL));
    assert_string_equal(buf_text(&scene->calls),
                        "send 2; commit 2 letter id-a platform poison head 0; ");
    assert_int_equal(bench->source.counts.refused, 1);
    assert_int_equal(bench->source.counts.delivered, 1);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(commit_follows_delivery),
        ON_BENCH(nothing_moves_while_a_required_sink_is_held),
        ON_BENCH(what_an_optional_sink_misses_does_not_hold_the_line),
        ON_BENCH(what_was_delivered_before_is_not_sent_again),
        ON_BENCH(what_the_last_pass_alone_finds_is_late),
        ON_BENCH(a_refused_event_becomes_a_dead_letter_of_the_same_commit),
    };
    return cmocka_run_group_tests_name("deliver", tests, NULL, NULL);
}
