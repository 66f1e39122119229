/*
 * The Activity Log and the directory's logs, page by page, over recorded answers: what
 * other collectors were seen to lose or to loop on.
 */
#include "azure/activity.h"
#include "azure_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char subscription[] = "5a000000-0000-4000-8000-000000000001";

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

static void test_row(void **state)
{
    const struct row *row = *state;
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, row->steps,
                      STEPS_MAX);
    bool ok = true;
    for (int i = 0; i < row->polls; i++) {
        assert_true(ok);
        ok = azure_world_poll(&world);
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
    azure_world_stop(&world);
}

static void test_no_token_in_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct azure_world world;
        azure_world_start(&world, &provider_azure_activity, subscription, rows[i].steps,
                          STEPS_MAX);
        for (int j = 0; j < rows[i].polls; j++) {
            azure_world_poll(&world);
        }
        assert_null(strstr(world.err.text, "token-"));
        assert_null(strstr(world.err.text, "Bearer"));
        assert_null(strstr(world.err.text, "skipToken"));
        azure_world_stop(&world);
    }
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 1] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest){.name = "no token is in any error",
                                      .test_func = test_no_token_in_errors};
    return cmocka_run_group_tests_name("azure pages", tests, NULL, NULL);
}
