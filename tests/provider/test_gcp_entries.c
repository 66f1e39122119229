/*
 * Cloud Logging, page by page, over recorded answers: what other collectors were seen to
 * lose or to stop at.
 */
#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/audit.h"
#include "gcp_double.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS_MAX = 12 };

#define FILES(...) .steps = {__VA_ARGS__}

static const struct slice half_hour = {
    .a_ms = 1767225600000, .b_ms = 1767227400000, .began_ms = 1767229200000};

/* What a source does with a run of answers, and what is asked of it last. */
static struct row {
    const char *name;
    struct step steps[STEPS_MAX];
    int polls;            /* how often it is asked; the last one is judged */
    enum error_kind kind; /* ERROR_NONE: it succeeds */
    const char *says;     /* part of the error's text */
    size_t records;       /* of the last page */
    bool is_done;
    size_t requests;
    const char *sends; /* part of the last request's body */
} rows[] = {
    {"one page without a token ends the slice", FILES({.file = "gcp/last.json"}),
     .polls = 1, .records = 1, .is_done = true, .requests = 1},
    {"a token is followed", FILES({.file = "gcp/first.json"}, {.file = "gcp/last.json"}),
     .polls = 2, .records = 1, .is_done = true, .requests = 2,
     .sends = "\"pageToken\":\"TOKEN-1\""},
    {"an empty page with a token is not the end",
     FILES({.file = "gcp/nothing-yet.json"}, {.file = "gcp/last.json"}), .polls = 2,
     .records = 1, .is_done = true, .requests = 2, .sends = "TOKEN-1"},
    {"an empty answer ends the slice", FILES({.file = "gcp/nothing.json"}), .polls = 1,
     .records = 0, .is_done = true, .requests = 1},
    {"an empty token ends the slice", FILES({.file = "gcp/empty-token.json"}), .polls = 1,
     .records = 1, .is_done = true, .requests = 1},
    {"an answer to another question is no empty log", FILES({.file = "gcp/strange.json"}),
     .polls = 1, .kind = ERROR_DATA, .says = "no array", .requests = 1},
    {"a proxy's page is no empty log",
     FILES({.file = "gcp/page.html", .content_type = "text/html"}), .polls = 1,
     .kind = ERROR_UNREACHABLE, .says = "text/html", .requests = 1},
    {"HTML that calls itself JSON is no empty log", FILES({.file = "gcp/page.html"}),
     .polls = 1, .kind = ERROR_DATA, .requests = 1},
    {"a token that is refused starts the slice again",
     FILES({.file = "gcp/first.json"}, {.file = "gcp/bad-token.json", .status = 400},
           {.file = "gcp/last.json"}),
     .polls = 2, .records = 1, .is_done = true, .requests = 3,
     .sends = "\"pageSize\":1000}"},
    {"400 without a token is a mistake of ours",
     FILES({.file = "gcp/bad-token.json", .status = 400}), .polls = 1,
     .kind = ERROR_CONFIG, .says = "INVALID_ARGUMENT", .requests = 1},
    {"a page that gives its own token goes round in circles",
     FILES({.file = "gcp/first.json"}, {.file = "gcp/again.json"}), .polls = 2,
     .kind = ERROR_TOO_BIG, .says = "circles", .requests = 2},
    {"an access token that expires is fetched anew, once",
     FILES({.file = "gcp/first.json"}, {.file = "gcp/expired.json", .status = 401},
           {.file = "gcp/last.json"}),
     .polls = 2, .records = 1, .is_done = true, .requests = 3, .sends = "TOKEN-1"},
    {"an access token that is refused twice is an error",
     FILES({.file = "gcp/expired.json", .status = 401},
           {.file = "gcp/expired.json", .status = 401}),
     .polls = 1, .kind = ERROR_DENIED, .says = "clock", .requests = 2},
    {"a missing role is named", FILES({.file = "gcp/denied.json", .status = 403}),
     .polls = 1, .kind = ERROR_DENIED, .says = "logging.privateLogEntries.list",
     .requests = 1},
    {"an API that is off is named, and how to switch it on",
     FILES({.file = "gcp/disabled.json", .status = 403}), .polls = 1,
     .kind = ERROR_CONFIG, .says = "projects/42): the API is not enabled", .requests = 1},
    {"a scope that is too narrow is named",
     FILES({.file = "gcp/narrow.json", .status = 403}), .polls = 1, .kind = ERROR_DENIED,
     .says = "cloud-platform", .requests = 1},
    {"a quota project that may not be charged is named",
     FILES({.file = "gcp/payer.json", .status = 403}), .polls = 1, .kind = ERROR_DENIED,
     .says = "serviceUsageConsumer", .requests = 1},
    {"a project that was deleted is named as such",
     FILES({.file = "gcp/gone.json", .status = 404}), .polls = 1, .kind = ERROR_DENIED,
     .says = "deleted", .requests = 1},
    {"a search that took too long asks for less",
     FILES({.status = 504}, {.status = 504}, {.status = 504}, {.status = 504}),
     .polls = 1, .kind = ERROR_TOO_BIG, .requests = 4},
    {"an outage halves no slice",
     FILES({.status = 503}, {.status = 503}, {.status = 503}, {.status = 503}),
     .polls = 1, .kind = ERROR_UNREACHABLE, .requests = 4},
    {"a page that is too big is asked for in smaller ones, from the start",
     FILES({.file = "gcp/first.json"}, {.fails = ERROR_TOO_BIG},
           {.file = "gcp/last.json"}),
     .polls = 2, .records = 1, .is_done = true, .requests = 3,
     .sends = "\"pageSize\":200}"},
    {"one that is too big in the smallest pages is the bridge's to narrow",
     FILES({.fails = ERROR_TOO_BIG}, {.fails = ERROR_TOO_BIG}, {.fails = ERROR_TOO_BIG},
           {.fails = ERROR_TOO_BIG}),
     .polls = 1, .kind = ERROR_TOO_BIG, .requests = 4, .sends = "\"pageSize\":8}"},
    {"a quota that is used up is given back until the minute is over",
     FILES({.file = "gcp/quota.json", .status = 429, .date_ms = 1767229210000}),
     .polls = 1, .kind = ERROR_BUSY, .requests = 1},
    {"a minute that is nearly over is waited for",
     FILES({.file = "gcp/quota.json", .status = 429, .date_ms = 1767229255000},
           {.file = "gcp/last.json"}),
     .polls = 1, .records = 1, .is_done = true, .requests = 2},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct world {
    struct script script;
    json_t *settings;
    struct session *session;
    json_t *place;
    struct page page;
    struct error err;
};

static void start(struct world *world, const struct step *steps)
{
    *world = (struct world){0};
    gcp_double_reset();
    script_init(&world->script, steps, STEPS_MAX);
    world->settings =
        json_pack("{s:[s, s]}", "resources", "projects/case-1", "projects/case-2");
    assert_true(provider_gcp_audit.open(world->settings, &world->script.runtime,
                                        &world->session, &world->err));
}

static bool ask(struct world *world, const struct slice *slice)
{
    page_clear(&world->page);
    bool ok = provider_gcp_audit.poll(world->session, slice, world->place, &world->page,
                                      &world->err);
    if (ok) {
        json_decref(world->place);
        world->place = json_incref(world->page.place);
    }
    return ok;
}

static void stop(struct world *world)
{
    provider_gcp_audit.close(world->session);
    page_clear(&world->page);
    json_decref(world->place);
    json_decref(world->settings);
}

static const char *last_body(const struct world *world)
{
    return world->script.sent[world->script.sent_count - 1].body;
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world world;
    start(&world, row->steps);
    bool ok = true;
    for (int i = 0; i < row->polls; i++) {
        assert_true(ok);
        ok = ask(&world, &half_hour);
    }
    assert_int_equal(world.err.kind, row->kind);
    if (row->says != NULL && strstr(world.err.text, row->says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", world.err.text, row->says);
    }
    if (row->kind == ERROR_NONE) {
        assert_int_equal(world.page.record_count, row->records);
        assert_int_equal(world.page.done, row->is_done);
    }
    assert_int_equal(world.script.sent_count, row->requests);
    if (row->sends != NULL && strstr(last_body(&world), row->sends) == NULL) {
        fail_msg("%s does not hold %s", last_body(&world), row->sends);
    }
    assert_null(strstr(world.err.text, "secret-name"));
    assert_null(strstr(world.err.text, "token-"));
    stop(&world);
}

static void a_request_is_as_the_api_wants_it(void **state)
{
    (void)state;
    const struct step steps[STEPS_MAX] = {{.file = "gcp/last.json"}};
    struct world world;
    start(&world, steps);
    assert_true(ask(&world, &half_hour));
    assert_string_equal(world.script.sent[0].url,
                        "https://logging.googleapis.com/v2/entries:list");
    assert_string_equal(world.script.sent[0].authorization, "Bearer token-1");
    json_t *body = json_loads(last_body(&world), 0, NULL);
    json_t *names = json_pack("[s, s]", "projects/case-1", "projects/case-2");
    assert_true(json_equal(json_object_get(body, "resourceNames"), names));
    const char *filter = json_string_value(json_object_get(body, "filter"));
    assert_non_null(strstr(filter, " AND timestamp>=\"2025-12-31T00:00:00.000Z\" AND "
                                   "timestamp<=\"2026-01-02T00:30:00.000Z\""));
    assert_non_null(strstr(filter,
                           " AND receiveTimestamp>=\"2026-01-01T00:00:00.000Z\" AND "
                           "receiveTimestamp<=\"2026-01-01T00:30:00.000Z\""));
    json_decref(names);
    json_decref(body);
    stop(&world);
}

static void a_record_lies_in_the_slice_by_its_receive_time(void **state)
{
    (void)state;
    const struct step steps[STEPS_MAX] = {{.file = "gcp/last.json"}};
    struct world world;
    start(&world, steps);
    assert_true(ask(&world, &half_hour));
    assert_int_equal(world.page.record_ms[0], 1767227404123);
    stop(&world);
}

/* The place outlives the session; the token is used by whoever asks the same. */
static void a_token_is_of_its_request_and_a_day(void **state)
{
    static const struct token_row {
        int64_t later_ms;
        int64_t wider_ms;
        bool is_used;
    } cases[] = {
        {0, 0, true},
        {22LL * MS_PER_HOUR, 0, true},
        {24LL * MS_PER_HOUR, 0, false},
        {0, 1000, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct step steps[STEPS_MAX] = {{.file = "gcp/first.json"},
                                              {.file = "gcp/last.json"}};
        struct slice slice = half_hour;
        struct world world;
        start(&world, steps);
        assert_true(ask(&world, &slice));
        provider_gcp_audit.close(world.session);
        world.script.now_ms += cases[i].later_ms;
        assert_true(provider_gcp_audit.open(world.settings, &world.script.runtime,
                                            &world.session, &world.err));
        slice.b_ms += cases[i].wider_ms;
        assert_true(ask(&world, &slice));
        assert_int_equal(strstr(last_body(&world), "pageToken") != NULL,
                         cases[i].is_used);
        stop(&world);
    }
}

static void the_quota_that_google_names_sets_the_pace(void **state)
{
    (void)state;
    const struct step steps[STEPS_MAX] = {
        {.file = "gcp/quota.json", .status = 429, .date_ms = 1767229210000}};
    struct world world;
    start(&world, steps);
    assert_false(ask(&world, &half_hour));
    /* Four fifths of 120 a minute; and until a little behind the minute's end. */
    assert_true(world.page.allowed_per_second > 1.59);
    assert_true(world.page.allowed_per_second < 1.61);
    assert_in_range(world.err.retry_after_ms, 50000, 52000);
    stop(&world);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 4] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(a_request_is_as_the_api_wants_it);
    tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(
        a_record_lies_in_the_slice_by_its_receive_time);
    tests[ROWS + 2] =
        (struct CMUnitTest)cmocka_unit_test(a_token_is_of_its_request_and_a_day);
    tests[ROWS + 3] =
        (struct CMUnitTest)cmocka_unit_test(the_quota_that_google_names_sets_the_pace);
    return cmocka_run_group_tests_name("gcp entries", tests, NULL, NULL);
}
