/* aws/cloudtrail.h: the walk through a slice, page by page, and what survives a crash. */
#include "aws/cloudtrail.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-01T00:00:00Z to 01:00:00Z */
static const struct slice slice = {.a_ms = 1767225600000, .b_ms = 1767229200000};
static const int64_t start_s = 1767225600;

/* A session with the place that the bridge would have stored. */
struct run {
    struct script script;
    struct session *session;
    struct page page;
    json_t *place;
    struct error err;
};

static void open_session(struct run *run)
{
    json_t *settings =
        json_pack("{s:s, s:s}", "region", "eu-west-2", "account", "111122223333");
    assert_true(provider_aws_cloudtrail.open(settings, &run->script.runtime,
                                             &run->session, &run->err));
    json_decref(settings);
}

static void restart_process(struct run *run)
{
    provider_aws_cloudtrail.close(run->session);
    open_session(run);
}

static bool poll_page(struct run *run)
{
    page_clear(&run->page);
    return provider_aws_cloudtrail.poll(run->session, &slice, run->place, &run->page,
                                        &run->err);
}

static void settle(struct run *run)
{
    json_decref(run->place);
    run->place = json_incref(run->page.place);
}

static void close_run(struct run *run)
{
    page_clear(&run->page);
    json_decref(run->place);
    provider_aws_cloudtrail.close(run->session);
}

#define RUN(run, ...)                                                                    \
    struct run run = {0};                                                                \
    static const struct step steps[] = {__VA_ARGS__};                                    \
    script_init(&(run).script, steps, sizeof(steps) / sizeof(steps[0]));                 \
    open_session(&(run))

static int64_t member(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* What try number i asked for. */
static void asked(const struct run *run, size_t i, int64_t end_s, const char *token)
{
    json_t *body = json_loads(run->script.sent[i].body, 0, NULL);
    assert_non_null(body);
    assert_int_equal(member(body, "StartTime"), start_s);
    assert_int_equal(member(body, "EndTime"), end_s);
    const char *sent = json_string_value(json_object_get(body, "NextToken"));
    if (token == NULL) {
        assert_null(sent);
    } else {
        assert_non_null(sent);
        assert_string_equal(sent, token);
    }
    json_decref(body);
}

static void first_page_asks_for_the_newest_of_the_slice(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json", .date_ms = 1767229201000});
    assert_true(poll_page(&run));
    const struct script *script = &run.script;
    assert_string_equal(script->url, "https://cloudtrail.eu-west-2.amazonaws.com/");
    assert_string_equal(script->credential_host, "cloudtrail.eu-west-2.amazonaws.com");
    assert_string_equal(
        script->sent[0].body,
        "{\"StartTime\":1767225600,\"EndTime\":1767229200,\"MaxResults\":50}");
    assert_string_equal(script->sent[0].date, "20260101T010000Z");
    assert_non_null(strstr(script->sent[0].authorization,
                           "AKIDEXAMPLE/20260101/eu-west-2/cloudtrail/aws4_request, "
                           "SignedHeaders=content-type;host;x-amz-date;x-amz-target"));
    assert_int_equal(run.page.record_count, 3);
    assert_int_equal(run.page.date_ms, 1767229201000);
    assert_int_equal(run.page.record_ms[0], (start_s + 3500) * 1000);
    assert_int_equal(member(run.page.place, "upto"), start_s + 2000);
    assert_false(run.page.done);
    close_run(&run);
}

static void record_is_the_string_unescaped_with_resources_as_context(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json"});
    assert_true(poll_page(&run));
    struct bytes bytes = run.page.records[1].bytes;
    json_t *record = json_loadb((const char *)bytes.data, bytes.size, 0, NULL);
    assert_non_null(record);
    assert_string_equal(json_string_value(json_object_get(record, "eventID")),
                        "00000000-0000-4000-8000-000000000002");
    json_decref(record);
    struct bytes context = run.page.records[1].context;
    json_t *resources = json_loadb((const char *)context.data, context.size, 0, NULL);
    assert_int_equal(json_array_size(resources), 1);
    json_decref(resources);
    close_run(&run);
}

/* Regression: peers that recompute "now" for each page lose their token (coral#951). */
static void peer_bug_29_paging_keeps_the_slice_frozen(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json"}, {.file = "second.json"}, {.file = "last.json"});
    assert_true(poll_page(&run));
    settle(&run);
    run.script.now_ms += 600000;
    assert_true(poll_page(&run));
    settle(&run);
    assert_int_equal(member(run.place, "upto"), start_s + 1000);
    assert_true(poll_page(&run));
    assert_true(run.page.done);
    asked(&run, 0, start_s + 3600, NULL);
    asked(&run, 1, start_s + 3600, "token-one+/=");
    asked(&run, 2, start_s + 3600, "token-two");
    close_run(&run);
}

static void new_process_goes_on_from_the_oldest_second_seen(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json"}, {.file = "second.json"});
    assert_true(poll_page(&run));
    settle(&run);
    restart_process(&run);
    assert_true(poll_page(&run));
    asked(&run, 1, start_s + 2000, NULL);
    close_run(&run);
}

static void page_that_was_not_settled_is_asked_for_again(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json"}, {.file = "second.json"}, {.file = "second.json"});
    assert_true(poll_page(&run));
    settle(&run);
    assert_true(poll_page(&run)); /* and delivery fails */
    assert_true(poll_page(&run));
    asked(&run, 2, start_s + 2000, NULL);
    close_run(&run);
}

/* Two pages within one second have the same upto: a token alone would skip one. */
static void page_of_the_same_second_is_not_skipped(void **state)
{
    (void)state;
    RUN(run, {.file = "same-second.json"}, {.file = "same-second-more.json"},
        {.file = "same-second.json"}, {.file = "same-second-more.json"});
    assert_true(poll_page(&run));
    settle(&run);
    assert_true(poll_page(&run)); /* and delivery fails */
    assert_true(poll_page(&run));
    asked(&run, 1, start_s + 3600, "token-a");
    asked(&run, 2, start_s + 2000, NULL);
    settle(&run);
    restart_process(&run);
    assert_true(poll_page(&run)); /* fails again, in a new process */
    int64_t stored = member(run.place, "page");
    assert_true(member(run.page.place, "page") > stored);
    close_run(&run);
}

/* The attribute that request number index asked for. */
static void asked_part(const struct run *run, size_t index, const char *value)
{
    json_t *request = json_loads(run->script.sent[index].body, 0, NULL);
    const json_t *attributes = json_object_get(request, "LookupAttributes");
    assert_int_equal(json_array_size(attributes), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(attributes, 0),
                                                          "AttributeValue")),
                        value);
    json_decref(request);
}

static void without_reads_a_slice_is_done_when_its_last_part_is(void **state)
{
    (void)state;
    static const char *const parts[] = {"false",
                                        "false",
                                        "AssumeRole",
                                        "AssumeRoleWithSAML",
                                        "AssumeRoleWithWebIdentity",
                                        "AssumeRoot",
                                        "SwitchRole",
                                        "GetSessionToken"};
    enum { ASKED = sizeof(parts) / sizeof(parts[0]) };
    RUN(run, {.file = "first.json"}, {.file = "last.json"}, {.file = "empty.json"},
        {.file = "empty.json"}, {.file = "empty.json"}, {.file = "empty.json"},
        {.file = "empty.json"}, {.file = "empty.json"});
    provider_aws_cloudtrail.close(run.session);
    json_t *settings = json_pack("{s:s, s:s, s:b}", "region", "eu-west-2", "account",
                                 "111122223333", "read_only", 0);
    for (size_t i = 0; i < ASKED; i++) {
        assert_true(provider_aws_cloudtrail.open(settings, &run.script.runtime,
                                                 &run.session, &run.err));
        assert_true(poll_page(&run)); /* each by a new process: the place says where */
        asked_part(&run, i, parts[i]);
        asked(&run, i, i == 1 ? start_s + 2000 : start_s + 3600, NULL);
        assert_int_equal(run.page.done, i == ASKED - 1);
        settle(&run);
        provider_aws_cloudtrail.close(run.session);
    }
    run.session = NULL;
    json_decref(settings);
    close_run(&run);
}

static void a_place_of_another_kind_of_walk_begins_the_slice_again(void **state)
{
    (void)state;
    RUN(run, {.file = "empty.json"});
    run.place = json_pack("{s:s, s:I}", "part", "EventName=AssumeRole", "upto",
                          (json_int_t)start_s + 10);
    assert_true(poll_page(&run));
    asked(&run, 0, start_s + 3600, NULL);
    assert_true(run.page.done);
    close_run(&run);
}

static void newer_page_sends_upto_back_to_the_end(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json"}, {.file = "newer.json"}, {.file = "second.json"},
        {.file = "second.json"});
    assert_true(poll_page(&run));
    settle(&run);
    assert_true(poll_page(&run));
    assert_int_equal(member(run.page.place, "upto"), start_s + 3600);
    assert_int_equal(member(run.page.place, "disorder"), 1);
    settle(&run);
    assert_true(poll_page(&run));
    asked(&run, 2, start_s + 3600, "token-three");
    assert_int_equal(member(run.page.place, "upto"), start_s + 3600);
    settle(&run);
    restart_process(&run);
    assert_true(poll_page(&run));
    asked(&run, 3, start_s + 3600, NULL);
    close_run(&run);
}

static void page_out_of_order_in_itself_is_not_trusted_either(void **state)
{
    (void)state;
    RUN(run, {.file = "unordered.json"});
    assert_true(poll_page(&run));
    assert_int_equal(member(run.page.place, "upto"), start_s + 3600);
    close_run(&run);
}

static void empty_slice_is_done(void **state)
{
    (void)state;
    RUN(run, {.file = "empty.json"});
    assert_true(poll_page(&run));
    assert_int_equal(run.page.record_count, 0);
    assert_true(run.page.done);
    close_run(&run);
}

static void empty_page_with_a_token_is_no_new_place(void **state)
{
    (void)state;
    RUN(run, {.file = "first.json"}, {.file = "empty-token.json"}, {.file = "last.json"});
    assert_true(poll_page(&run));
    settle(&run);
    assert_true(poll_page(&run));
    assert_false(run.page.done);
    assert_true(json_equal(run.page.place, run.place));
    assert_true(poll_page(&run));
    asked(&run, 2, start_s + 3600, "token-empty");
    close_run(&run);
}

static void event_without_a_record_is_its_envelope(void **state)
{
    (void)state;
    RUN(run, {.file = "envelope.json"});
    assert_true(poll_page(&run));
    assert_int_equal(run.page.record_count, 3);
    for (size_t i = 1; i < 3; i++) {
        struct bytes bytes = run.page.records[i].bytes;
        json_t *envelope = json_loadb((const char *)bytes.data, bytes.size, 0, NULL);
        assert_non_null(json_object_get(envelope, "EventId"));
        json_decref(envelope);
        assert_int_equal(run.page.records[i].context.size, 0);
    }
    close_run(&run);
}

static void event_without_a_time_takes_its_neighbours(void **state)
{
    (void)state;
    RUN(run, {.file = "envelope.json"});
    assert_true(poll_page(&run));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run.page.record_ms[i], (start_s + 100) * 1000);
    }
    close_run(&run);
}

static void broken_event_does_not_hold_up_its_neighbours(void **state)
{
    (void)state;
    RUN(run, {.file = "broken-event.json"});
    assert_true(poll_page(&run));
    assert_int_equal(run.page.record_count, 3);
    assert_true(run.page.done);
    close_run(&run);
}

/* Regression: a cursor at the newest event loses late ones and repeats a second's. */
static void peer_bug_1_slice_read_again_returns_all_of_it_late_events_too(void **state)
{
    (void)state;
    RUN(run, {.file = "last.json"}, {.file = "envelope.json"}, {.file = "last.json"});
    assert_true(poll_page(&run));
    assert_true(run.page.done);
    assert_true(poll_page(&run)); /* the next pass over the slice: three came late */
    asked(&run, 1, start_s + 3600, NULL);
    assert_int_equal(run.page.record_count, 3);
    assert_true(poll_page(&run));
    assert_int_equal(run.page.record_count, 1); /* nothing is remembered or hidden */
    close_run(&run);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_page_asks_for_the_newest_of_the_slice),
        cmocka_unit_test(record_is_the_string_unescaped_with_resources_as_context),
        cmocka_unit_test(peer_bug_29_paging_keeps_the_slice_frozen),
        cmocka_unit_test(new_process_goes_on_from_the_oldest_second_seen),
        cmocka_unit_test(page_that_was_not_settled_is_asked_for_again),
        cmocka_unit_test(page_of_the_same_second_is_not_skipped),
        cmocka_unit_test(newer_page_sends_upto_back_to_the_end),
        cmocka_unit_test(without_reads_a_slice_is_done_when_its_last_part_is),
        cmocka_unit_test(a_place_of_another_kind_of_walk_begins_the_slice_again),
        cmocka_unit_test(page_out_of_order_in_itself_is_not_trusted_either),
        cmocka_unit_test(empty_slice_is_done),
        cmocka_unit_test(empty_page_with_a_token_is_no_new_place),
        cmocka_unit_test(event_without_a_record_is_its_envelope),
        cmocka_unit_test(event_without_a_time_takes_its_neighbours),
        cmocka_unit_test(broken_event_does_not_hold_up_its_neighbours),
        cmocka_unit_test(peer_bug_1_slice_read_again_returns_all_of_it_late_events_too),
    };
    return cmocka_run_group_tests_name("cloudtrail", tests, set_environment, NULL);
}
