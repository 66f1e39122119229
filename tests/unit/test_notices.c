/* bridge/notices.h over a real store: what the platform is told, when, and how often. */
#include "bridge/notices.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "sample.h"
#include "sqlite_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NAME_SIZE = 16, MANY = 2500 };

/* What the fake sink got: the ids, one a line, and the last event whole. */
struct scene {
    struct buf ids;
    struct buf last;
    size_t sends;
    bool is_down;
    const char *refused; /* the part of an id that is refused */
};

static struct scene scene;

static bool fake_send(struct sink *sink, const struct runtime *runtime,
                      const struct batch *batch, struct outcome *outcomes,
                      struct error *err)
{
    (void)sink;
    (void)runtime;
    scene.sends++;
    if (scene.is_down) {
        return error_set(err, ERROR_DENIED, "wrong key");
    }
    for (size_t i = 0; i < batch->count; i++) {
        const char *id = batch_id(batch, &batch->events[i]);
        bool is_refused = scene.refused != NULL && strstr(id, scene.refused) != NULL;
        outcomes[i].kind = is_refused ? OUTCOME_REFUSED : OUTCOME_ACCEPTED;
        assert_true(batch->events[i].is_own);
        if (!is_refused) {
            buf_addf(&scene.ids, "%s\n", id);
            scene.last.size = 0;
            buf_add_bytes(&scene.last, batch_text(batch, &batch->events[i], FORMAT_ECS));
        }
    }
    return true;
}

static void no_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0, size);
}

static const struct sink_type sink_type = {.name = "fake", .send = fake_send};
static const struct slicing slicing = {.passes = 2,
                                       .age_ms = {MS_PER_MINUTE, MS_PER_HOUR},
                                       .span_ms = MS_PER_HOUR,
                                       .grain_ms = MS_PER_SECOND,
                                       .retention_ms = 90LL * MS_PER_DAY};
static const struct provider provider = {.name = "fake", .slicing = &slicing};
static const struct config_source config = {.provider = &provider};

struct bench {
    json_t *settings;
    struct store *store;
    struct runtime runtime;
    struct open_sink sink;
    struct send_route route;
    struct source *sources;
    struct telling_source *seen;
    char (*names)[NAME_SIZE];
    size_t count;
};

static int set_up(void **state)
{
    struct bench *bench = mem_new(1, sizeof(*bench));
    struct error err = {0};
    scene = (struct scene){0};
    buf_init(&scene.ids, 4 << 20);
    buf_init(&scene.last, 1 << 16);
    file_reset_clock(NULL);
    bench->runtime = file_runtime;
    bench->runtime.random = no_random;
    bench->settings = file_settings();
    assert_true(file_open(bench->settings, &bench->store, &err));
    bench->sink = (struct open_sink){.name = "soc", .type = &sink_type};
    bench->route = (struct send_route){.sink = &bench->sink, .is_required = true};
    *state = bench;
    return 0;
}

static void add_sources(struct bench *bench, size_t count)
{
    bench->count = count;
    bench->sources = mem_new(count, sizeof(*bench->sources));
    bench->seen = mem_new(count, sizeof(*bench->seen));
    bench->names = mem_new(count, sizeof(*bench->names));
    for (size_t i = 0; i < count; i++) {
        struct source *source = &bench->sources[i];
        struct error err = {0};
        snprintf(bench->names[i], NAME_SIZE, i == 0 ? "prod" : "prod-%zu", i);
        *source = (struct source){.config = &config,
                                  .name = bench->names[i],
                                  .routes = &bench->route,
                                  .route_count = 1,
                                  .formats = {[FORMAT_ECS] = true}};
        source->origin.mapping = &sample_mapping;
        source->origin.source = source->name;
        source->origin.is_offline = true;
        assert_true(event_origin_init(&source->origin, NULL, NULL, &err));
        struct store_wish wish = {source->name, &source->claim, &source->error};
        assert_true(store_sqlite.claim(bench->store, &wish, 1, &err));
        assert_int_equal(source->error.kind, ERROR_NONE);
        bench->seen[i] = (struct telling_source){
            .source = source, .end = SOURCE_DONE, .now_ms = file_clock.now_ms};
    }
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < bench->count; i++) {
        claim_clear(&bench->sources[i].claim);
        event_origin_clear(&bench->sources[i].origin);
    }
    free(bench->sources);
    free(bench->seen);
    free(bench->names);
    store_sqlite.close(bench->store);
    json_decref(bench->settings);
    buf_clear(&scene.ids);
    buf_clear(&scene.last);
    free(bench);
    return 0;
}

/* Commits count events from at_ms on, a second apart, and moves the last mark. */
static void commit(struct bench *bench, int64_t at_ms, size_t count, int64_t sealed_ms)
{
    struct error err = {0};
    struct source *source = &bench->sources[0];
    struct store_delivered *events = mem_new(count, sizeof(*events));
    for (size_t i = 0; i < count; i++) {
        events[i].time_ms = at_ms + (int64_t)i * MS_PER_SECOND;
        events[i].id16[ID16_SIZE - 1] = (uint8_t)(i + 1);
    }
    const struct cursor cursor = {.start_ms = file_clock.now_ms,
                                  .mark_ms = {sealed_ms + MS_PER_HOUR, sealed_ms}};
    const struct store_letter letter = {"id", "soc", "poison", bytes_of("{}"), 0};
    const struct store_commit settled = {.cursor = &cursor,
                                         .delivered = events,
                                         .delivered_count = count,
                                         .letters = &letter,
                                         .letter_count = count > 5,
                                         .now_ms = at_ms,
                                         .forget_ms = INT64_MIN,
                                         .keeps_ids = true};
    assert_true(store_sqlite.commit(bench->store, &source->claim, &settled, &err));
    free(events);
}

/* One round; the ids that were told, sorted as they came. */
static const char *tell(struct bench *bench)
{
    struct error err = {0};
    const struct notices_round round = {&store_sqlite, bench->store, &bench->runtime,
                                        bench->seen,   bench->count, 0};
    scene.ids.size = 0;
    bool is_told = notices_tell(&round, &err);
    assert_int_equal(is_told, !scene.is_down);
    return buf_text(&scene.ids);
}

static void a_source_tells_its_start_once_and_that_it_lives_once_an_hour(void **state)
{
    struct bench *bench = *state;
    add_sources(bench, 1);
    commit(bench, file_clock.now_ms, 0, file_clock.now_ms);
    assert_string_equal(tell(bench), "bridge:prod:start:2025-10-09T09:00:00.000Z\n"
                                     "bridge:prod:heartbeat:2025-10-09T09\n");
    assert_string_equal(tell(bench), "");
    assert_int_equal(scene.sends, 1);
    bench->seen[0].now_ms += MS_PER_HOUR;
    assert_string_equal(tell(bench), "bridge:prod:heartbeat:2025-10-09T10\n");
    assert_non_null(strstr(buf_text(&scene.last), "\"end\":\"done\""));
    assert_non_null(strstr(buf_text(&scene.last), "\"lag_ms\":0"));
}

static void a_sealed_hour_has_a_receipt_with_count_and_sum(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms = file_clock.now_ms;
    add_sources(bench, 1);
    commit(bench, start_ms + MS_PER_MINUTE, 3, start_ms + MS_PER_HOUR - 1);
    tell(bench);
    assert_null(strstr(buf_text(&scene.ids), "receipt")); /* not sealed to its end */
    commit(bench, start_ms + MS_PER_MINUTE, 3, start_ms + 3LL * MS_PER_HOUR);
    assert_string_equal(
        tell(bench),
        "bridge:prod:receipt:2025-10-09T09:00:00.000Z/2025-10-09T10:00:00.000Z\n"
        "bridge:prod:receipt:2025-10-09T10:00:00.000Z/2025-10-09T12:00:00.000Z\n");
    assert_int_equal(
        file_number(file_path(bench->settings), "SELECT delivered FROM ledger"), 3);
    assert_string_equal(tell(bench), "");
}

static void what_was_refused_is_counted_apart_for_the_sink(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms = file_clock.now_ms;
    add_sources(bench, 1);
    commit(bench, start_ms + MS_PER_MINUTE, 6, start_ms + MS_PER_HOUR);
    assert_non_null(strstr(tell(bench), "10:00:00.000Z/soc\n"));
    assert_non_null(strstr(buf_text(&scene.last),
                           "\"count\":6,\"id_sum\":\"00000000000000000000000000000015\","
                           "\"sink\":\"soc\",\"refused\":1,"
                           "\"refused_id_sum\":\"00000000000000000000000000000001\""));
}

static void nothing_counts_as_told_until_the_sink_took_it(void **state)
{
    struct bench *bench = *state;
    add_sources(bench, 1);
    commit(bench, file_clock.now_ms, 0, file_clock.now_ms);
    scene.is_down = true;
    assert_string_equal(tell(bench), "");
    scene.is_down = false;
    scene.refused = "heartbeat";
    assert_string_equal(tell(bench), "bridge:prod:start:2025-10-09T09:00:00.000Z\n");
    scene.refused = NULL;
    assert_string_equal(tell(bench), "bridge:prod:start:2025-10-09T09:00:00.000Z\n"
                                     "bridge:prod:heartbeat:2025-10-09T09\n");
}

static void a_denied_source_is_told_of_at_most_once_an_hour(void **state)
{
    struct bench *bench = *state;
    add_sources(bench, 1);
    tell(bench);
    bench->seen[0].denied = "LookupEvents: AccessDenied";
    bench->seen[0].end = SOURCE_FAILED;
    assert_string_equal(tell(bench), "bridge:prod:denied:2025-10-09T09\n");
    assert_non_null(strstr(buf_text(&scene.last), "\"kind\":\"pipeline_error\""));
    assert_non_null(strstr(buf_text(&scene.last),
                           "\"error\":{\"message\":\"LookupEvents: AccessDenied\"}"));
    assert_string_equal(tell(bench), "");
}

static void a_gap_is_told_though_the_source_cannot_be_read(void **state)
{
    struct bench *bench = *state;
    struct error err = {0};
    const struct store_gap gap = {1000, 61000, "never sealed"};
    add_sources(bench, 1);
    tell(bench);
    for (int i = 0; i < 2; i++) { /* planned again after a crash */
        assert_true(
            store_sqlite.ledger->gap(bench->store, &bench->sources[0].claim, &gap, &err));
    }
    assert_string_equal(
        tell(bench),
        "bridge:prod:gap:1970-01-01T00:00:01.000Z/1970-01-01T00:01:01.000Z\n");
    assert_non_null(strstr(buf_text(&scene.last), "\"reason\":\"never sealed\""));
    assert_string_equal(tell(bench), "");
}

static void expired_dead_letters_are_told_as_a_loss(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms = file_clock.now_ms;
    add_sources(bench, 1);
    commit(bench, start_ms, 6, start_ms);
    tell(bench);
    file_clock.now_ms += (STORE_LETTER_DAYS + 1LL) * MS_PER_DAY;
    commit(bench, file_clock.now_ms, 0, start_ms);
    assert_non_null(strstr(tell(bench), "bridge:prod:loss:"));
    assert_non_null(strstr(buf_text(&scene.ids), "/soc\n"));
    assert_int_equal(
        file_number(file_path(bench->settings),
                    "SELECT count(*) FROM note WHERE kind = 'loss' AND is_told"
                    " AND json_extract(details, '$.count') = 1"),
        1);
}

static void other_packs_or_another_program_are_told_with_what_was_before(void **state)
{
    struct bench *bench = *state;
    add_sources(bench, 1);
    tell(bench);
    file_run(file_path(bench->settings), "UPDATE told SET config = '0.0.9 abc'");
    assert_string_equal(tell(bench), "bridge:prod:config:2025-10-09T09:00:00.000Z\n");
    assert_non_null(strstr(buf_text(&scene.last), "\"program_before\":\"0.0.9\","
                                                  "\"mapping_hash_before\":\"abc\""));
    assert_string_equal(tell(bench), "");
}

static void many_sources_cost_few_requests(void **state)
{
    struct bench *bench = *state;
    add_sources(bench, MANY);
    tell(bench);
    assert_int_equal(scene.sends, (MANY + BATCH_EVENTS_MAX - 1) / BATCH_EVENTS_MAX);
    tell(bench);
    assert_int_equal(scene.sends, (MANY + BATCH_EVENTS_MAX - 1) / BATCH_EVENTS_MAX);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_source_tells_its_start_once_and_that_it_lives_once_an_hour),
        ON_BENCH(a_sealed_hour_has_a_receipt_with_count_and_sum),
        ON_BENCH(what_was_refused_is_counted_apart_for_the_sink),
        ON_BENCH(nothing_counts_as_told_until_the_sink_took_it),
        ON_BENCH(a_denied_source_is_told_of_at_most_once_an_hour),
        ON_BENCH(a_gap_is_told_though_the_source_cannot_be_read),
        ON_BENCH(expired_dead_letters_are_told_as_a_loss),
        ON_BENCH(other_packs_or_another_program_are_told_with_what_was_before),
        ON_BENCH(many_sources_cost_few_requests),
    };
    if (!file_start()) {
        return 1;
    }
    int failed = cmocka_run_group_tests_name("notices", tests, NULL, NULL);
    file_end();
    return failed;
}
