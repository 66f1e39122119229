/* sinks/http.c: what goes over the wire, and in how many requests. */
#include "platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { EVENT_SIZE = 200, LONG_EVENT_SIZE = 400 };

/* A platform, a sink and a batch of four for one test. */
struct scene {
    struct platform platform;
    struct sink *sink;
    struct batch batch;
    struct error err;
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
}

static bool send(struct scene *scene)
{
    return platform_send(&scene->platform, scene->sink, &scene->batch, NULL, &scene->err);
}

static void a_batch_is_split_where_bodies_are_full(void **state)
{
    (void)state;
    struct scene scene = {0};
    scene_open_take(&scene, json_pack("{s:i}", "max_body_size", 1024));
    batch_clear(&scene.batch);
    platform_batch(&scene.batch, 40, EVENT_SIZE);
    assert_true(send(&scene));
    assert_int_equal(scene.platform.requests, 10);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(scene.platform.taken[i], 1);
    }
    scene_close(&scene);
}

static void what_was_taken_before_a_failure_is_not_sent_again(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct outcome outcomes[4] = {0};
    scene_open_take(&scene, json_pack("{s:i}", "max_body_size", 1024));
    batch_clear(&scene.batch);
    platform_batch(&scene.batch, 4, LONG_EVENT_SIZE); /* two requests */
    scene.platform.failure = ERROR_UNREACHABLE;
    scene.platform.fails_from = 2;
    assert_false(
        platform_send(&scene.platform, scene.sink, &scene.batch, outcomes, &scene.err));
    assert_int_equal(scene.err.kind, ERROR_UNREACHABLE);
    assert_int_equal(platform_count(outcomes, 4, OUTCOME_ACCEPTED), 2);

    scene.platform.failure = ERROR_NONE;
    scene.platform.now_ms += 1000; /* it is left alone for a moment */
    assert_true(
        platform_send(&scene.platform, scene.sink, &scene.batch, outcomes, &scene.err));
    assert_int_equal(platform_count(outcomes, 4, OUTCOME_ACCEPTED), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(scene.platform.taken[i], 1);
    }
    scene_close(&scene);
}

static void a_413_halves_until_it_fits(void **state)
{
    (void)state;
    struct scene scene = {0};
    scene_open_take(&scene, json_object());
    scene.platform.size_max = 600;
    assert_true(send(&scene));
    assert_int_equal(scene.platform.requests, 3);
    assert_int_equal(scene.platform.taken[0] + scene.platform.taken[3], 2);
    scene_close(&scene);
}

static void an_event_that_is_too_long_goes_without_its_original(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1000}; /* by our limit, and by the platform's */
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = {0};
        scene_open_take(
            &scene, json_pack("{s:i}", "max_body_size", sizes[i] == 0 ? 1024 : 65536));
        scene.platform.size_max = (size_t)sizes[i];
        batch_clear(&scene.batch);
        platform_batch(&scene.batch, 1, 4000);
        assert_true(send(&scene));
        assert_int_equal(scene.platform.taken[0], 1);
        assert_true(scene.platform.was_short);
        assert_string_equal(buf_text(&scene.platform.last_body),
                            "{\"event\":{\"id\":\"0\"},\"moj\":{\"truncated\":true}}\n");
        scene_close(&scene);
    }
}

/* What goes over the wire for each way to write it. */
static void bodies_are_what_the_settings_say(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        const char *content_type;
        const char *encoding;
        const char *credential;
        char first;
    } forms[] = {
        {"{}", "application/x-ndjson", "", "", '{'},
        {"{\"body\":\"json_array\"}", "application/json", "", "", '['},
        {"{\"gzip\":true}", "application/x-ndjson", "gzip", "", '\x1f'},
        {"{\"body\":\"json_array\",\"gzip\":true,\"content_type\":\"text/x\"}", "text/x",
         "gzip", "", '\x1f'},
        {"{\"preset\":\"xsiam\",\"api_key\":\"k\"}", "text/plain", "", "Authorization: k",
         '{'},
        {"{\"api_key\":\"k\",\"api_key_header\":\"X-Token\"}", "application/x-ndjson", "",
         "X-Token: k", '{'},
        {"{\"username\":\"Aladdin\",\"password\":\"open sesame\"}",
         "application/x-ndjson", "",
         "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", '{'},
        {"{\"headers\":{\"X-Tenant\":\"hq\"}}", "application/x-ndjson", "",
         "X-Tenant: hq", '{'},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct scene scene = {0};
        scene_open_take(&scene, json_loads(forms[i].settings, 0, NULL));
        assert_true(send(&scene));
        assert_string_equal(scene.platform.content_type, forms[i].content_type);
        assert_string_equal(scene.platform.encoding, forms[i].encoding);
        assert_string_equal(scene.platform.credential, forms[i].credential);
        assert_int_equal((char)scene.platform.last_body.data[0], forms[i].first);
        assert_int_equal(scene.platform.taken[3], 1);
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_split_where_bodies_are_full),
        cmocka_unit_test(what_was_taken_before_a_failure_is_not_sent_again),
        cmocka_unit_test(a_413_halves_until_it_fits),
        cmocka_unit_test(an_event_that_is_too_long_goes_without_its_original),
        cmocka_unit_test(bodies_are_what_the_settings_say),
    };
    return cmocka_run_group_tests_name("sink_bodies", tests, NULL, NULL);
}
