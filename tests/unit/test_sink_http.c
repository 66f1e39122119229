/* sinks/http.c: what each answer of a platform makes of the events it was sent. */
#include "base/mem.h"
#include "platform.h"
#include "sinks/hold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENT_SIZE = 200 };

/* One answer, and what comes of it. */
static struct row {
    const char *name;
    size_t count; /* of the batch */
    int status;   /* to everything */
    int heartbeat;
    int poison_status;
    size_t poison_first; /* poisoned events: from here, so many */
    size_t poison_count;
    enum error_kind failure;
    /* What is expected. */
    enum error_kind kind; /* of the error; ERROR_NONE: it succeeds */
    size_t refused;
    int heartbeats;
    int requests_max;
} rows[] = {
    {"202 takes all", .count = 1000, .requests_max = 1},
    {"400 finds the one poisoned event in log2 n requests", .count = 1000,
     .poison_status = 400, .poison_first = 617, .poison_count = 1, .refused = 1,
     .requests_max = 21},
    {"422 does the same", .count = 1000, .poison_status = 422, .poison_first = 0,
     .poison_count = 1, .refused = 1, .heartbeats = 1, .requests_max = 22},
    {"a poisoned event that is alone is believed when a heartbeat is taken", .count = 1,
     .poison_status = 400, .poison_count = 1, .refused = 1, .heartbeats = 1,
     .requests_max = 2},
    {"400 to everything holds the sink and refuses nothing", .count = 1000, .status = 400,
     .kind = ERROR_DENIED, .heartbeats = 1, .requests_max = 12},
    {"400 to everything but heartbeats is braked at more than half", .count = 12,
     .poison_status = 400, .poison_count = 12, .kind = ERROR_CONFIG, .heartbeats = 1,
     .requests_max = 24},
    {"half of a batch refused is poison still", .count = 12, .poison_status = 400,
     .poison_count = 6, .refused = 6, .heartbeats = 1, .requests_max = 24},
    {"a hundred refused are a broken sink", .count = 1000, .poison_status = 400,
     .poison_first = 400, .poison_count = 300, .kind = ERROR_CONFIG, .requests_max = 240},
    {"all of nine refused are poison when a heartbeat is taken", .count = 9,
     .poison_status = 400, .poison_count = 9, .refused = 9, .heartbeats = 1,
     .requests_max = 18},
    {"403 for one event refuses that event", .count = 64, .poison_status = 403,
     .poison_first = 40, .poison_count = 1, .refused = 1, .heartbeats = 1,
     .requests_max = 15},
    {"403 to everything holds the sink", .count = 64, .status = 403, .kind = ERROR_DENIED,
     .heartbeats = 1, .requests_max = 2},
    {"401 holds the sink at once", .count = 64, .status = 401, .kind = ERROR_DENIED,
     .requests_max = 1},
    {"a redirect holds the sink", .count = 64, .status = 302, .kind = ERROR_DENIED,
     .requests_max = 1},
    {"407 holds the sink", .count = 64, .status = 407, .kind = ERROR_DENIED,
     .requests_max = 1},
    {"404 to everything holds the sink", .count = 64, .status = 404, .kind = ERROR_DENIED,
     .heartbeats = 1, .requests_max = 2},
    {"413 to every size refuses only what it must and is braked", .count = 64,
     .status = 413, .heartbeat = 200, .kind = ERROR_CONFIG, .heartbeats = 1,
     .requests_max = 200},
    {"no answer leaves all undecided", .count = 64, .failure = ERROR_UNREACHABLE,
     .kind = ERROR_UNREACHABLE, .requests_max = 1},
    {"429 that stays leaves all undecided", .count = 64, .failure = ERROR_BUSY,
     .kind = ERROR_BUSY, .requests_max = 1},
    {"a stop leaves all undecided", .count = 64, .failure = ERROR_STOPPED,
     .kind = ERROR_STOPPED, .requests_max = 1},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void arrange(struct platform *platform, const struct row *row)
{
    platform_open(platform);
    platform->status = row->status;
    platform->heartbeat_status = row->heartbeat;
    platform->failure = row->failure;
    platform->poison_status = row->poison_status;
    for (size_t i = 0; i < row->poison_count; i++) {
        platform->poison[row->poison_first + i] = true;
    }
}

/* Nothing is lost: each event was taken once, refused for a reason, or is undecided. */
static void check_each(const struct platform *platform, const struct outcome *outcomes,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool accepted = outcomes[i].kind == OUTCOME_ACCEPTED;
        assert_int_equal(platform->taken[i], accepted);
        if (outcomes[i].kind == OUTCOME_REFUSED) {
            assert_true(platform->poison[i]);
            assert_memory_equal(outcomes[i].reason, "HTTP 4", 6);
        }
    }
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct platform *platform = mem_new(1, sizeof(*platform));
    struct outcome *outcomes = mem_new(row->count, sizeof(*outcomes));
    struct error err = {0};
    struct batch batch;
    arrange(platform, row);
    platform_batch(&batch, row->count, EVENT_SIZE);
    struct sink *sink = platform_sink_take(platform, json_object());

    bool ok = platform_send(platform, sink, &batch, outcomes, &err);
    assert_int_equal(err.kind, row->kind);
    assert_int_equal(ok, row->kind == ERROR_NONE);
    assert_int_equal(platform_count(outcomes, row->count, OUTCOME_REFUSED), row->refused);
    assert_int_equal(platform_count(outcomes, row->count, OUTCOME_RETRY) == 0, ok);
    assert_int_equal(platform->heartbeats, row->heartbeats);
    assert_true(platform->requests <= row->requests_max);
    check_each(platform, outcomes, row->count);

    sink_type_find("http")->close(sink);
    batch_clear(&batch);
    platform_close(platform);
    free(outcomes);
    free(platform);
}

/* A platform, a sink and a batch of four for one test. */
struct scene {
    struct platform platform;
    struct sink *sink;
    struct batch batch;
    struct error err;
    char file[64]; /* a credential file, "" when there is none */
};

static void scene_open_take(struct scene *scene, json_t *settings)
{
    platform_open(&scene->platform);
    platform_batch(&scene->batch, 4, EVENT_SIZE);
    scene->sink = platform_sink_take(&scene->platform, settings);
}

static void scene_close(struct scene *scene)
{
    sink_type_find("http")->close(scene->sink);
    batch_clear(&scene->batch);
    platform_close(&scene->platform);
    if (scene->file[0] != '\0') {
        unlink(scene->file);
    }
}

static bool send(struct scene *scene)
{
    return platform_send(&scene->platform, scene->sink, &scene->batch, NULL, &scene->err);
}

static void write_key(struct scene *scene, const char *text)
{
    FILE *file = fopen(scene->file, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_key_file(struct scene *scene, const char *text)
{
    snprintf(scene->file, sizeof(scene->file), "/tmp/auditbridge-key-XXXXXX");
    close(mkstemp(scene->file));
    write_key(scene, text);
}

static void a_held_sink_is_left_alone_for_a_minute_then_asked_by_heartbeat(void **state)
{
    (void)state;
    struct scene scene = {0};
    scene_open_take(&scene, json_object());
    scene.platform.status = 401;
    assert_false(send(&scene));
    assert_int_equal(scene.platform.requests, 1);
    assert_false(send(&scene));
    assert_int_equal(scene.platform.requests, 1);
    assert_int_equal(scene.err.kind, ERROR_DENIED);
    assert_string_equal(scene.err.text,
                        "held since 1970-01-01T00:16:40.000Z, tried again in 60 s: "
                        "HTTP 401: it wants a credential and none is set");

    scene.platform.now_ms += HOLD_PROBE_MS;
    assert_false(send(&scene));
    assert_int_equal(scene.platform.heartbeats, 1);
    assert_int_equal(scene.platform.requests, 2);
    scene.platform.now_ms += HOLD_PROBE_MS; /* by now it waits for two minutes */
    assert_false(send(&scene));
    assert_int_equal(scene.platform.requests, 2);

    scene.platform.status = 0;
    scene.platform.now_ms += HOLD_PROBE_MS;
    assert_true(send(&scene));
    assert_int_equal(scene.platform.heartbeats, 2);
    assert_int_equal(scene.platform.taken[3], 1);
    scene_close(&scene);
}

static void a_new_key_in_the_file_ends_the_hold_at_once(void **state)
{
    (void)state;
    struct scene scene = {0};
    make_key_file(&scene, "old\n");
    scene_open_take(&scene, json_pack("{s:s}", "api_key_file", scene.file));
    scene.platform.key = "x-api-key: new-key";
    assert_false(send(&scene));
    assert_string_equal(scene.platform.credential, "x-api-key: old");
    assert_non_null(strstr(scene.err.text, "api_key_file"));
    assert_null(strstr(scene.err.text, "old"));
    write_key(&scene, "new-key\n");
    assert_true(send(&scene));
    assert_string_equal(scene.platform.credential, "x-api-key: new-key");
    scene_close(&scene);
}

static void a_key_that_was_rotated_in_time_costs_nothing(void **state)
{
    (void)state;
    struct scene scene = {0};
    make_key_file(&scene, "one");
    scene_open_take(&scene, json_pack("{s:s}", "bearer_token_file", scene.file));
    scene.platform.key = "Authorization: Bearer one";
    assert_true(send(&scene));
    write_key(&scene, "another");
    scene.platform.key = "Authorization: Bearer another";
    assert_true(send(&scene));
    assert_int_equal(scene.platform.requests, 2);
    scene_close(&scene);
}

static void a_key_file_that_is_gone_is_told_at_start(void **state)
{
    (void)state;
    struct platform platform;
    struct sink *sink = NULL;
    struct error err = {0};
    platform_open(&platform);
    json_t *settings = json_pack("{s:s,s:s}", "url", "https://platform.test/",
                                 "api_key_file", "/nonexistent/key");
    assert_false(sink_type_find("http")->open(settings, FORMAT_ECS, &platform.runtime,
                                              &sink, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_string_equal(err.text,
                        "api_key_file: /nonexistent/key cannot be read: No such "
                        "file or directory");
    json_decref(settings);
    platform_close(&platform);
}

static void a_sink_that_asked_to_wait_is_left_alone_until_then(void **state)
{
    (void)state;
    struct scene scene = {0};
    scene_open_take(&scene, json_object());
    scene.platform.failure = ERROR_BUSY;
    scene.platform.retry_after_ms = 40000;
    assert_false(send(&scene));
    scene.platform.now_ms += 30000;
    assert_false(send(&scene));
    assert_int_equal(scene.platform.requests, 1);
    assert_int_equal(scene.err.kind, ERROR_BUSY);
    assert_int_equal(scene.err.retry_after_ms, 10000);
    scene.platform.failure = ERROR_NONE;
    scene.platform.now_ms += 10000;
    assert_true(send(&scene));
    scene_close(&scene);
}

static void refusals_of_an_hour_add_up_and_are_forgotten(void **state)
{
    (void)state;
    struct scene scene = {0};
    scene_open_take(&scene, json_object());
    scene.platform.poison[2] = true;
    for (int i = 0; i < HOLD_REFUSALS - 1; i++) {
        assert_true(send(&scene));
    }
    assert_false(send(&scene));
    assert_int_equal(scene.err.kind, ERROR_CONFIG);
    assert_string_equal(scene.err.text,
                        "it refused 100 events in an hour: the sink is broken, not the "
                        "events; see what it expects");
    scene.platform.now_ms += 3600 * 1000 + 60000;
    assert_true(send(&scene));
    scene_close(&scene);
}

int main(void)
{
    struct CMUnitTest row_tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        row_tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_sink_is_left_alone_for_a_minute_then_asked_by_heartbeat),
        cmocka_unit_test(a_new_key_in_the_file_ends_the_hold_at_once),
        cmocka_unit_test(a_key_that_was_rotated_in_time_costs_nothing),
        cmocka_unit_test(a_key_file_that_is_gone_is_told_at_start),
        cmocka_unit_test(a_sink_that_asked_to_wait_is_left_alone_until_then),
        cmocka_unit_test(refusals_of_an_hour_add_up_and_are_forgotten),
    };
    int failed = cmocka_run_group_tests_name("sink_http answers", row_tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("sink_http", tests, NULL, NULL);
}
