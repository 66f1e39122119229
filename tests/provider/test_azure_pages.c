/*
 * The Activity Log and the directory's logs, page by page, over recorded answers: what
 * other collectors were seen to lose or to loop on (azure.md section 5).
 */
#include "azure/activity.h"
#include "azure/directory.h"
#include "azure_double.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS_MAX = 72 };

#define FILES(...) .steps = {__VA_ARGS__}

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
} rows[] = {
    {"one page without a nextLink ends the slice",
     FILES({.file = "azure/activity/last.json"}), .polls = 1, .records = 1,
     .is_done = true, .requests = 1},
    {"an empty nextLink ends the slice",
     FILES({.file = "azure/activity/empty-link.json"}), .polls = 1, .records = 1,
     .is_done = true, .requests = 1},
    {"a null nextLink ends the slice", FILES({.file = "azure/activity/null-link.json"}),
     .polls = 1, .records = 1, .is_done = true, .requests = 1},
    {"a nextLink is followed",
     FILES({.file = "azure/activity/first.json"}, {.file = "azure/activity/last.json"}),
     .polls = 2, .records = 1, .is_done = true, .requests = 2},
    {"an empty page with a nextLink is not the end",
     FILES({.file = "azure/activity/first.json"},
           {.file = "azure/activity/nothing-yet.json"}),
     .polls = 2, .requests = 2},
    {"an id that is on two pages is given twice, for the store to know",
     FILES({.file = "azure/activity/first.json"}, {.file = "azure/activity/second.json"}),
     .polls = 2, .records = 2, .requests = 2},
    {"the same nextLink for ever asks for less",
     FILES({.file = "azure/activity/circle.json"},
           {.file = "azure/activity/circle-again.json"}),
     .polls = 2, .kind = ERROR_TOO_BIG, .says = "same nextLink", .requests = 2},
    {"the same page for ever asks for less, whatever its nextLink",
     FILES({.file = "azure/activity/first.json"}, {.file = "azure/activity/second.json"},
           {.file = "azure/activity/again.json"}, {.file = "azure/activity/second.json"}),
     .polls = 3, .kind = ERROR_TOO_BIG, .says = "same page", .requests = 3},
    {"500 on page 3 asks for less",
     FILES({.file = "azure/activity/first.json"}, {.file = "azure/activity/second.json"},
           {.file = "azure/server.json", .status = 500},
           {.file = "azure/server.json", .status = 500},
           {.file = "azure/server.json", .status = 500},
           {.file = "azure/server.json", .status = 500}),
     .polls = 3, .kind = ERROR_TOO_BIG, .says = "HTTP 500", .requests = 6},
    {"503 on page 2 asks for less",
     FILES({.file = "azure/activity/first.json"},
           {.file = "azure/server.json", .status = 503},
           {.file = "azure/server.json", .status = 503},
           {.file = "azure/server.json", .status = 503},
           {.file = "azure/server.json", .status = 503}),
     .polls = 2, .kind = ERROR_TOO_BIG, .requests = 5},
    {"503 at the start is an outage, and no window is halved",
     FILES({.file = "azure/server.json", .status = 503},
           {.file = "azure/server.json", .status = 503},
           {.file = "azure/server.json", .status = 503},
           {.file = "azure/server.json", .status = 503}),
     .polls = 1, .kind = ERROR_UNREACHABLE, .requests = 4},
    {"504 at the start asks for less",
     FILES({.status = 504}, {.status = 504}, {.status = 504}, {.status = 504}),
     .polls = 1, .kind = ERROR_TOO_BIG, .requests = 4},
    {"a 500 that passes is not noticed",
     FILES({.file = "azure/server.json", .status = 500},
           {.file = "azure/activity/last.json"}),
     .polls = 1, .records = 1, .is_done = true, .requests = 2},
    {"a nextLink to another host is not followed",
     FILES({.file = "azure/activity/foreign.json"}), .polls = 1, .kind = ERROR_DATA,
     .says = "leads away", .requests = 1},
    {"a nextLink without TLS is not followed",
     FILES({.file = "azure/activity/plain-http.json"}), .polls = 1, .kind = ERROR_DATA,
     .says = "leads away", .requests = 1},
    {"a nextLink with a user part is not followed",
     FILES({.file = "azure/activity/user-part.json"}), .polls = 1, .kind = ERROR_DATA,
     .says = "leads away", .requests = 1},
    {"200 with a proxy's HTML is no empty log",
     FILES({.file = "azure/activity/page.html", .content_type = "text/html"}), .polls = 1,
     .kind = ERROR_UNREACHABLE, .says = "text/html", .requests = 1},
    {"HTML that calls itself JSON is no empty log",
     FILES({.file = "azure/activity/page.html"}), .polls = 1, .kind = ERROR_DATA,
     .requests = 1},
    {"a list in place of an answer is no empty log", FILES({.file = "azure/flat.json"}),
     .polls = 1, .kind = ERROR_DATA, .says = "no array", .requests = 1},
    {"a token that expires on the way is fetched anew, once",
     FILES({.file = "azure/activity/first.json"},
           {.file = "azure/expired.json", .status = 401},
           {.file = "azure/activity/last.json"}),
     .polls = 2, .records = 1, .is_done = true, .requests = 3},
    {"a token that is refused twice is an error",
     FILES({.file = "azure/expired.json", .status = 401},
           {.file = "azure/expired.json", .status = 401}),
     .polls = 1, .kind = ERROR_DENIED, .says = "tenant_id", .requests = 2},
    {"who may not read is told what to grant",
     FILES({.file = "azure/denied.json", .status = 403}), .polls = 1,
     .kind = ERROR_DENIED,
     .says = "--role Reader --scope "
             "/subscriptions/5a000000-0000-4000-8000-000000000001",
     .requests = 1},
    {"a subscription that is gone is named",
     FILES({.file = "azure/flat.json", .status = 404}), .polls = 1, .kind = ERROR_CONFIG,
     .says = "HTTP 404 SubscriptionNotFound", .requests = 1},
    {"a refusal that is not Azure's is not taken for one",
     FILES({.file = "azure/activity/page.html",
            .status = 403,
            .content_type = "text/html"}),
     .polls = 1, .kind = ERROR_DENIED, .says = "no error code", .requests = 1},
    {"a storm of 429 is given back with its wait",
     FILES({.status = 429, .retry_after_ms = 17000},
           {.status = 429, .retry_after_ms = 17000},
           {.status = 429, .retry_after_ms = 17000},
           {.status = 429, .retry_after_ms = 17000}),
     .polls = 1, .kind = ERROR_BUSY, .requests = 4},
    {"a nextLink that dies starts the slice again",
     FILES({.file = "azure/activity/first.json"},
           {.file = "azure/skiptoken.json", .status = 400},
           {.file = "azure/activity/first.json"}),
     .polls = 2, .records = 2, .requests = 3},
    {"nextLinks that keep dying ask for less",
     FILES({.file = "azure/activity/first.json"},
           {.file = "azure/skiptoken.json", .status = 400},
           {.file = "azure/activity/first.json"},
           {.file = "azure/skiptoken.json", .status = 400},
           {.file = "azure/activity/first.json"},
           {.file = "azure/skiptoken.json", .status = 400}),
     .polls = 4, .kind = ERROR_TOO_BIG, .says = "die on the way", .requests = 6},
    {"400 at the start is a mistake of ours",
     FILES({.file = "azure/skiptoken.json", .status = 400}), .polls = 1,
     .kind = ERROR_CONFIG, .says = "HTTP 400 BadRequest", .requests = 1},
    {"odd records are records", FILES({.file = "azure/activity/odd.json"}), .polls = 1,
     .records = 3, .is_done = true, .requests = 1},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct slice slice = {.a_ms = 1767225600000, .b_ms = 1767229200000};

/* A source of the provider, over steps. */
struct world {
    struct script script;
    json_t *settings;
    struct session *session;
    const struct provider *provider;
    struct page page;
    json_t *place;
    struct error err;
};

static void open_session(struct world *world)
{
    assert_true(world->provider->open(world->settings, &world->script.runtime,
                                      &world->session, &world->err));
}

static void start(struct world *world, const struct provider *provider,
                  const struct step *steps, size_t count)
{
    *world = (struct world){.provider = provider};
    script_init(&world->script, steps, count);
    azure_double_reset();
    world->settings =
        json_pack("{s:s}", "subscription", "5a000000-0000-4000-8000-000000000001");
    open_session(world);
}

static bool poll_once(struct world *world)
{
    page_clear(&world->page);
    world->err = (struct error){0};
    bool ok = world->provider->poll(world->session, &slice, world->place, &world->page,
                                    &world->err);
    if (ok) {
        json_decref(world->place);
        world->place = json_deep_copy(world->page.place);
    }
    return ok;
}

static void stop(struct world *world)
{
    page_clear(&world->page);
    json_decref(world->place);
    world->provider->close(world->session);
    json_decref(world->settings);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world world;
    start(&world, &provider_azure_activity, row->steps, STEPS_MAX);
    bool ok = true;
    for (int i = 0; i < row->polls; i++) {
        assert_true(ok);
        ok = poll_once(&world);
    }
    assert_int_equal(world.err.kind, row->kind);
    assert_int_equal(ok, row->kind == ERROR_NONE);
    if (row->says != NULL && strstr(world.err.text, row->says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", world.err.text, row->says);
    }
    if (ok) {
        assert_int_equal(world.page.record_count, row->records);
        assert_int_equal(world.page.done, row->is_done);
    }
    assert_int_equal(world.script.sent_count, row->requests);
    stop(&world);
}

static void test_activity_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/activity/first.json"},
                                        {.file = "azure/activity/last.json"}};
    struct world world;
    start(&world, &provider_azure_activity, steps, 2);
    assert_true(poll_once(&world));
    assert_true(poll_once(&world));
    assert_string_equal(
        world.script.sent[0].url,
        "https://management.azure.com/subscriptions/5a000000-0000-4000-8000-000000000001"
        "/providers/Microsoft.Insights/eventtypes/management/values?api-version="
        "2015-04-01&$filter=eventTimestamp%20ge%20%272026-01-01T00:00:00.000Z%27%20and"
        "%20eventTimestamp%20le%20%272026-01-01T01:00:00.000Z%27");
    assert_non_null(strstr(world.script.sent[1].url,
                           "$skipToken=EU1:-1:FFFFFFFF;US1:0637592029774418052:d5291b61;"
                           "AS1:%20a|b\"c"));
    assert_string_equal(world.script.sent[0].authorization, "Bearer token-1");
    assert_string_equal(world.script.credential_host, "management.azure.com");
    assert_string_equal(azure_double_audience(), "https://management.azure.com");
    stop(&world);
}

static void test_tenant_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/denied.json", .status = 403}};
    struct world world = {.provider = &provider_azure_activity};
    script_init(&world.script, steps, 1);
    world.settings = json_object();
    open_session(&world);
    assert_false(poll_once(&world));
    assert_non_null(strstr(world.script.sent[0].url,
                           "https://management.azure.com/providers/Microsoft.Insights/"
                           "eventtypes/management/values?"));
    assert_non_null(strstr(world.err.text, "--scope /providers/Microsoft.Insights"));
    stop(&world);
}

static void test_graph_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/graph/first.json"},
                                        {.file = "azure/graph/last.json"}};
    struct world world;
    start(&world, &provider_entra_audit, steps, 2);
    assert_true(poll_once(&world));
    assert_int_equal(world.page.record_count, 2);
    assert_int_equal(world.page.record_ms[0], slice.a_ms + MS_PER_MINUTE + 123);
    assert_true(poll_once(&world));
    assert_true(world.page.done);
    assert_string_equal(
        world.script.sent[0].url,
        "https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?$filter="
        "activityDateTime%20ge%202026-01-01T00:00:00.000Z%20and%20activityDateTime%20le"
        "%202026-01-01T01:00:00.000Z&$orderby=activityDateTime&$top=999");
    assert_string_equal(world.script.sent[1].url,
                        "https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?"
                        "$skiptoken=aaa");
    assert_string_equal(azure_double_audience(), "https://graph.microsoft.com");
    stop(&world);
}

static void test_graph_permissions(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/denied.json", .status = 403}};
    struct world world;
    start(&world, &provider_entra_audit, steps, 1);
    assert_false(poll_once(&world));
    assert_int_equal(world.err.kind, ERROR_DENIED);
    assert_non_null(strstr(world.err.text, "AuditLog.Read.All and Directory.Read.All"));
    stop(&world);
}

static void test_refreshed_token(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/expired.json", .status = 401},
                                        {.file = "azure/activity/last.json"}};
    struct world world;
    start(&world, &provider_azure_activity, steps, 2);
    assert_true(poll_once(&world));
    assert_string_equal(world.script.sent[1].authorization, "Bearer token-2");
    stop(&world);
}

static void test_waits(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {.status = 429, .retry_after_ms = 17000},
        {.file = "azure/activity/first.json", .reads_left = 3},
        {.file = "azure/activity/last.json"}};
    struct world world;
    start(&world, &provider_azure_activity, steps, 3);
    assert_true(poll_once(&world));
    assert_int_equal(world.script.sent[1].waited_ms, 17000);
    assert_true(poll_once(&world));
    assert_int_equal(world.script.sent[2].waited_ms, 2000);
    stop(&world);
}

static void test_page_that_was_not_settled(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/activity/first.json"},
                                        {.file = "azure/activity/second.json"},
                                        {.file = "azure/activity/first.json"}};
    struct world world;
    start(&world, &provider_azure_activity, steps, 3);
    assert_true(poll_once(&world));
    json_t *settled = json_deep_copy(world.place);
    assert_true(poll_once(&world));
    json_decref(world.place);
    world.place = settled; /* the second page reached no sink */
    assert_true(poll_once(&world));
    assert_null(strstr(world.script.sent[2].url, "skipToken"));
    assert_int_equal(json_integer_value(json_object_get(world.place, "page")), 1);
    stop(&world);
}

static void test_another_process(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/activity/first.json"}};
    struct world world;
    start(&world, &provider_azure_activity, steps, 1);
    world.place = json_pack("{s:i}", "page", 3);
    assert_true(poll_once(&world));
    assert_null(strstr(world.script.sent[0].url, "skipToken"));
    stop(&world);
}

static void test_another_process_far_in(void **state)
{
    (void)state;
    struct world world;
    start(&world, &provider_azure_activity, NULL, 0);
    world.place = json_pack("{s:i}", "page", 12);
    assert_false(poll_once(&world));
    assert_int_equal(world.err.kind, ERROR_TOO_BIG);
    assert_int_equal(world.script.sent_count, 0);
    stop(&world);
}

static void test_no_token_in_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct world world;
        start(&world, &provider_azure_activity, rows[i].steps, STEPS_MAX);
        for (int j = 0; j < rows[i].polls; j++) {
            poll_once(&world);
        }
        assert_null(strstr(world.err.text, "token-"));
        assert_null(strstr(world.err.text, "Bearer"));
        assert_null(strstr(world.err.text, "skipToken"));
        stop(&world);
    }
}

int main(void)
{
    static const struct CMUnitTest single[] = {
        {"the activity log is asked with quoted bounds and links as they came",
         test_activity_request, NULL, NULL, NULL},
        {"the tenant level is a log of its own", test_tenant_request, NULL, NULL, NULL},
        {"Graph is asked with bare bounds, in order", test_graph_request, NULL, NULL,
         NULL},
        {"Graph's refusal names both permissions", test_graph_permissions, NULL, NULL,
         NULL},
        {"a new token is used after a refusal", test_refreshed_token, NULL, NULL, NULL},
        {"waits as the service says, and when few reads are left", test_waits, NULL, NULL,
         NULL},
        {"a page that was not settled is read again", test_page_that_was_not_settled,
         NULL, NULL, NULL},
        {"another process starts a short walk again", test_another_process, NULL, NULL,
         NULL},
        {"another process asks for less than a long walk", test_another_process_far_in,
         NULL, NULL, NULL},
        {"no token is in any error", test_no_token_in_errors, NULL, NULL, NULL},
    };
    enum { SINGLE = sizeof(single) / sizeof(single[0]) };
    struct CMUnitTest tests[ROWS + SINGLE] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    memcpy(tests + ROWS, single, sizeof(single));
    return cmocka_run_group_tests_name("azure pages", tests, NULL, NULL);
}
