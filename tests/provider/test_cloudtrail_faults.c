/* aws/cloudtrail.h when AWS refuses, or something else answers. */
#include "aws/cloudtrail.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct slice slice = {.a_ms = 1767225600000, .b_ms = 1767229200000};

enum { STEPS_MAX = 9 };

/* One poll by a script; kind is what it ends with, text what the error must say. */
static struct row {
    const char *name;
    struct step steps[STEPS_MAX];
    size_t step_count;
    enum error_kind kind;
    const char *text;
} rows[] = {
    {"a plain throttle, as HTTP 400, is repeated: peer bug 29",
     {{.file = "throttled.json", .status = 400}, {.file = "last.json"}},
     2,
     ERROR_NONE,
     NULL},
    {"a throttle with a namespace",
     {{.file = "throttled-namespace.json", .status = 400}, {.file = "last.json"}},
     2,
     ERROR_NONE,
     NULL},
    {"a throttle with a link",
     {{.file = "throttled-link.json", .status = 400}, {.file = "last.json"}},
     2,
     ERROR_NONE,
     NULL},
    {"a throttle named only in a header, its body no JSON",
     {{.file = "page.html", .status = 400, .error_type = "ThrottlingException:http://x/"},
      {.file = "last.json"}},
     2,
     ERROR_NONE,
     NULL},
    {"a throttle that lasts",
     {{.file = "throttled.json", .status = 400},
      {.file = "throttled.json", .status = 400},
      {.file = "throttled.json", .status = 400},
      {.file = "throttled.json", .status = 400}},
     4,
     ERROR_BUSY,
     "throttled"},
    {"a 503 that lasts",
     {{.status = 503}, {.status = 503}, {.status = 503}, {.status = 503}},
     4,
     ERROR_UNREACHABLE,
     "HTTP 503"},
    {"an expired token that was renewed",
     {{.file = "expired.json", .status = 400}, {.file = "last.json"}},
     2,
     ERROR_NONE,
     NULL},
    {"an expired token that stays",
     {{.file = "expired.json", .status = 400}, {.file = "expired.json", .status = 400}},
     2,
     ERROR_DENIED,
     "renew them"},
    {"no permission",
     {{.file = "denied.json", .status = 400}},
     1,
     ERROR_DENIED,
     "cloudtrail:LookupEvents"},
    {"a wrong secret, the clocks agreeing",
     {{.file = "skewed.json", .status = 403, .date_ms = 1767229201000}},
     1,
     ERROR_DENIED,
     "secret key from the environment"},
    {"a time range that AWS does not keep",
     {{.file = "bad-range.json", .status = 400}},
     1,
     ERROR_CONFIG,
     "lookback"},
    {"another refusal",
     {{.file = "validation.json", .status = 400}},
     1,
     ERROR_CONFIG,
     "ValidationException"},
    {"a proxy's refusal",
     {{.file = "page.html", .status = 403}},
     1,
     ERROR_UNREACHABLE,
     "HTTP 403"},
    {"a redirect", {{.status = 302}}, 1, ERROR_UNREACHABLE, "HTTP 302"},
    {"a page of HTML with status 200",
     {{.file = "page.html"}},
     1,
     ERROR_DATA,
     "not a JSON object"},
    {"an answer cut short", {{.file = "cut.json"}}, 1, ERROR_DATA, "cut off"},
    {"another service's JSON is not an empty page",
     {{.file = "other.json"}},
     1,
     ERROR_DATA,
     "no array of records"},
    {"text behind the JSON", {{.file = "behind.json"}}, 1, ERROR_DATA, "not JSON"},
    {"an empty answer", {{.status = 200}}, 1, ERROR_DATA, "not a JSON object"},
    {"no connection, then one",
     {{.fails = ERROR_UNREACHABLE}, {.file = "last.json"}},
     2,
     ERROR_NONE,
     NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct session *open_session(struct script *script)
{
    struct session *session = NULL;
    json_t *settings =
        json_pack("{s:s, s:s}", "region", "eu-west-2", "account", "111122223333");
    assert_true(provider_aws_cloudtrail.open(settings, &script->runtime, &session, NULL));
    json_decref(settings);
    return session;
}

static void test_poll(void **state)
{
    const struct row *row = *state;
    struct script script;
    struct page page = {0};
    struct error err = {0};
    script_init(&script, row->steps, row->step_count);
    struct session *session = open_session(&script);

    bool ok = provider_aws_cloudtrail.poll(session, &slice, NULL, &page, &err);
    assert_int_equal(ok, row->kind == ERROR_NONE);
    assert_int_equal(script.next, row->step_count);
    if (ok) {
        assert_int_equal(page.record_count, 1);
    } else {
        assert_int_equal(err.kind, row->kind);
        assert_non_null(strstr(err.text, "cloudtrail eu-west-2: "));
        assert_non_null(strstr(err.text, row->text));
        assert_null(strstr(err.text, "AKID"));
    }
    page_clear(&page);
    provider_aws_cloudtrail.close(session);
}

static void refused_token_starts_again_from_upto(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "first.json"},
                                        {.file = "bad-token.json", .status = 400},
                                        {.file = "second.json"}};
    struct script script;
    struct page page = {0};
    struct page next = {0};
    script_init(&script, steps, 3);
    struct session *session = open_session(&script);
    assert_true(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, NULL));
    assert_true(provider_aws_cloudtrail.poll(session, &slice, page.place, &next, NULL));
    assert_non_null(strstr(script.sent[1].body, "token-one"));
    assert_string_equal(
        script.sent[2].body,
        "{\"StartTime\":1767225600,\"EndTime\":1767227600,\"MaxResults\":50}");
    page_clear(&page);
    page_clear(&next);
    provider_aws_cloudtrail.close(session);
}

static void refused_token_that_was_not_sent_is_an_error(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "bad-token.json", .status = 400}};
    struct script script;
    struct page page = {0};
    struct error err = {0};
    script_init(&script, steps, 1);
    struct session *session = open_session(&script);
    assert_false(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    provider_aws_cloudtrail.close(session);
}

static void page_too_big_is_asked_for_in_smaller_ones(void **state)
{
    (void)state;
    static const struct step steps[] = {{.fails = ERROR_TOO_BIG},
                                        {.fails = ERROR_TOO_BIG},
                                        {.file = "first.json"},
                                        {.file = "second.json"}};
    struct script script;
    struct page page = {0};
    struct page next = {0};
    script_init(&script, steps, 4);
    struct session *session = open_session(&script);
    assert_true(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, NULL));
    assert_non_null(strstr(script.sent[1].body, "\"MaxResults\":25"));
    assert_non_null(strstr(script.sent[2].body, "\"MaxResults\":12"));
    assert_true(provider_aws_cloudtrail.poll(session, &slice, page.place, &next, NULL));
    assert_non_null(strstr(script.sent[3].body, "\"MaxResults\":12")); /* its token's */
    page_clear(&page);
    page_clear(&next);
    provider_aws_cloudtrail.close(session);
}

static void event_too_big_alone_is_too_big(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {.fails = ERROR_TOO_BIG}, {.fails = ERROR_TOO_BIG}, {.fails = ERROR_TOO_BIG},
        {.fails = ERROR_TOO_BIG}, {.fails = ERROR_TOO_BIG}, {.fails = ERROR_TOO_BIG}};
    struct script script;
    struct page page = {0};
    struct error err = {0};
    script_init(&script, steps, 6); /* 50, 25, 12, 6, 3, 1 */
    struct session *session = open_session(&script);
    assert_false(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, &err));
    assert_int_equal(err.kind, ERROR_TOO_BIG);
    assert_int_equal(script.next, 6);
    provider_aws_cloudtrail.close(session);
}

static void skewed_clock_is_corrected_and_remembered(void **state)
{
    (void)state;
    enum { AHEAD_MS = 3600000 };
    static const struct step steps[] = {
        {.file = "skewed.json", .status = 403, .date_ms = 1767229200000 + AHEAD_MS},
        {.file = "first.json"},
        {.file = "second.json"}};
    struct script script;
    struct page page = {0};
    struct page next = {0};
    script_init(&script, steps, 3);
    struct session *session = open_session(&script);
    assert_true(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, NULL));
    assert_true(provider_aws_cloudtrail.poll(session, &slice, page.place, &next, NULL));
    assert_string_equal(script.sent[0].date, "20260101T010000Z");
    assert_string_equal(script.sent[1].date, "20260101T020000Z");
    assert_string_equal(script.sent[2].date, "20260101T020000Z");
    page_clear(&page);
    page_clear(&next);
    provider_aws_cloudtrail.close(session);
}

static void throttle_waits_longer_each_time(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "throttled.json", .status = 400},
                                        {.file = "throttled.json", .status = 400},
                                        {.file = "throttled.json", .status = 400},
                                        {.file = "last.json"}};
    struct script script;
    struct page page = {0};
    script_init(&script, steps, 4);
    struct session *session = open_session(&script);
    assert_true(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, NULL));
    for (size_t i = 1; i < 4; i++) { /* half of 1, 2 and 4 s, as the script's dice say */
        assert_in_range(script.sent[i].waited_ms, 500 << (i - 1), 510 << (i - 1));
    }
    page_clear(&page);
    provider_aws_cloudtrail.close(session);
}

/* Regression: fluent-bit#10727, doris#66554: read once, dead after rotation. */
static void peer_bug_28_credentials_are_read_again_when_refused(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "first.json"},
                                        {.file = "expired.json", .status = 400},
                                        {.file = "second.json"}};
    struct script script;
    struct page page = {0};
    struct page next = {0};
    script_init(&script, steps, 3);
    setenv("AWS_SESSION_TOKEN", "old", 1);
    struct session *session = open_session(&script);
    assert_true(provider_aws_cloudtrail.poll(session, &slice, NULL, &page, NULL));
    setenv("AWS_SESSION_TOKEN", "new", 1);
    assert_true(provider_aws_cloudtrail.poll(session, &slice, page.place, &next, NULL));
    unsetenv("AWS_SESSION_TOKEN");
    assert_string_equal(script.sent[1].token, "old");
    assert_string_equal(script.sent[2].token, "new");
    page_clear(&page);
    page_clear(&next);
    provider_aws_cloudtrail.close(session);
}

static int set_environment(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_ENDPOINT_URL_CLOUDTRAIL");
    return 0;
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(refused_token_starts_again_from_upto),
        cmocka_unit_test(refused_token_that_was_not_sent_is_an_error),
        cmocka_unit_test(page_too_big_is_asked_for_in_smaller_ones),
        cmocka_unit_test(event_too_big_alone_is_too_big),
        cmocka_unit_test(skewed_clock_is_corrected_and_remembered),
        cmocka_unit_test(throttle_waits_longer_each_time),
        cmocka_unit_test(peer_bug_28_credentials_are_read_again_when_refused),
    };
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    struct CMUnitTest tests[ROWS + CASES] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_poll, .initial_state = &rows[i]};
    }
    memcpy(tests + ROWS, cases, sizeof(cases));
    return cmocka_run_group_tests_name("cloudtrail faults", tests, set_environment, NULL);
}
