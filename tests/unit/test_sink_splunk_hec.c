/* sinks/splunk_hec.c: what goes over the wire, and when an event counts. */
#include "base/mem.h"
#include "net/http.h"
#include "sinks/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BODY_MAX = 1 << 20, ASKS_MAX = 64 };

/* A collector that answers events and questions for their acknowledgement as it is told.
 */
struct collector {
    int status;
    const char *answer;
    int ack_status;
    int asks_until_indexed; /* 0: never */

    int posts;
    int asks;
    char ack_url[256];
    char ack_cookie[64];
    char ack_body[64];
    char credential[64];
    char channel[64];
    struct buf body; /* of the last post */
    int64_t now_ms;
    struct runtime runtime;
};

static void note_headers(struct collector *collector, const struct http_request *request)
{
    struct http_extra extra = {0};
    struct error err = {0};
    assert_true(request->authorize(request->context, request, false, &extra, &err));
    for (size_t i = 0; i < extra.count; i++) {
        bool is_channel = strcmp(extra.items[i].name, "X-Splunk-Request-Channel") == 0;
        snprintf(is_channel ? collector->channel : collector->credential, 64, "%s",
                 extra.items[i].value);
    }
    http_extra_clear(&extra);
}

static void answer_ask(struct collector *collector, const struct http_request *request,
                       struct http_response *response)
{
    collector->asks++;
    assert_true(collector->asks < ASKS_MAX);
    snprintf(collector->ack_url, sizeof(collector->ack_url), "%s", request->url);
    snprintf(collector->ack_body, sizeof(collector->ack_body), "%.*s",
             (int)request->body.size, (const char *)request->body.data);
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, "Cookie") == 0) {
            snprintf(collector->ack_cookie, sizeof(collector->ack_cookie), "%s",
                     request->headers[i].value);
        }
    }
    response->status = collector->ack_status;
    buf_addf(&response->body, "{\"acks\":{\"7\":%s}}",
             collector->asks == collector->asks_until_indexed ? "true" : "false");
}

static bool answer(void *context, const struct http_request *request,
                   struct http_response *response, struct error *err)
{
    (void)err;
    struct collector *collector = context;
    note_headers(collector, request);
    buf_init(&response->body, BODY_MAX);
    if (strstr(request->url, "/ack?") != NULL) {
        answer_ask(collector, request, response);
        return true;
    }
    collector->posts++;
    collector->body.size = 0;
    buf_add_bytes(&collector->body, request->body);
    response->status = collector->status;
    snprintf(response->cookie, sizeof(response->cookie), "stick=b");
    return buf_add_text(&response->body, collector->answer);
}

static int64_t now(void *context)
{
    return ((struct collector *)context)->now_ms;
}

static bool pass_time(void *context, int64_t ms, struct error *err)
{
    (void)err;
    ((struct collector *)context)->now_ms += ms;
    return true;
}

static void dice(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0xab, size);
}

static void collector_open(struct collector *collector)
{
    *collector = (struct collector){
        .status = 200,
        .answer = "{\"text\":\"Success\",\"code\":0,\"ackId\":7}",
        .ack_status = 200,
        .asks_until_indexed = 1,
        .now_ms = 1,
        .runtime = {.context = collector,
                    .http = answer,
                    .now_ms = now,
                    .monotonic_ms = now,
                    .wait = pass_time,
                    .random = dice},
    };
    buf_init(&collector->body, BODY_MAX);
}

static void fill(struct batch *batch)
{
    batch_init(batch, "prod");
    struct batch_event *event = batch_add(batch);
    event->time_ms = INT64_C(1772366400042);
    event->id_at = batch->ids.size;
    buf_add(&batch->ids, "aws:\"1\"", sizeof("aws:\"1\""));
    buf_add_text(&batch->bodies[FORMAT_ECS], "{\"n\":1}");
    event->text[FORMAT_ECS].size = batch->bodies[FORMAT_ECS].size;
}

/* Sends one event; returns its outcome. */
static enum outcome_kind send_one_take(struct collector *collector, json_t *settings,
                                       struct error *err)
{
    const struct sink_type *type = sink_type_find("splunk-hec");
    struct sink *sink = NULL;
    struct batch batch;
    struct outcome outcome = {0};
    fill(&batch);
    json_object_set_new(settings, "url", json_string("https://hec.test:8088"));
    json_object_set_new(settings, "token", json_string("t0ken"));
    json_object_set_new(settings, "sourcetype", json_string("audit"));
    json_object_set_new(settings, "max_body_size", json_integer(1 << 20));
    json_object_set_new(settings, "acknowledgement_timeout", json_integer(90000));
    assert_true(type->open(settings, FORMAT_ECS, &collector->runtime, &sink, err));
    bool ok = type->send(sink, &collector->runtime, &batch, &outcome, err);
    assert_int_equal(ok, outcome.kind != OUTCOME_RETRY);
    type->close(sink);
    batch_clear(&batch);
    json_decref(settings);
    return outcome.kind;
}

static void an_event_counts_once_it_is_indexed(void **state)
{
    (void)state;
    struct collector collector;
    struct error err = {0};
    collector_open(&collector);
    collector.asks_until_indexed = 3;
    assert_int_equal(
        send_one_take(&collector, json_pack("{s:s}", "index", "moj_audit"), &err),
        OUTCOME_ACCEPTED);
    assert_int_equal(collector.posts, 1);
    assert_int_equal(collector.asks, 3);
    assert_string_equal(collector.ack_url,
                        "https://hec.test:8088/services/collector/ack?channel="
                        "abababab-abab-4bab-abab-abababababab");
    assert_string_equal(collector.channel, "abababab-abab-4bab-abab-abababababab");
    assert_string_equal(collector.ack_cookie, "stick=b");
    assert_string_equal(collector.ack_body, "{\"acks\":[7]}");
    assert_string_equal(collector.credential, "Splunk t0ken");
    assert_string_equal(buf_text(&collector.body),
                        "{\"time\":1772366400.042,\"source\":\"auditbridge\","
                        "\"sourcetype\":\"audit\",\"index\":\"moj_audit\","
                        "\"event\":{\"n\":1},"
                        "\"fields\":{\"event_id\":\"aws:\\\"1\\\"\"}}\n");
    buf_clear(&collector.body);
}

static void what_is_never_indexed_is_undecided_and_not_delivered(void **state)
{
    (void)state;
    struct collector collector;
    struct error err = {0};
    collector_open(&collector);
    collector.asks_until_indexed = 0;
    assert_int_equal(send_one_take(&collector, json_object(), &err), OUTCOME_RETRY);
    assert_int_equal(err.kind, ERROR_BUSY);
    assert_true(collector.now_ms > 80000);
    buf_clear(&collector.body);
}

static void an_answer_to_ack_that_is_no_success_is_never_a_delivery(void **state)
{
    (void)state;
    const int statuses[] = {400, 403, 404, 503};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct collector collector;
        struct error err = {0};
        collector_open(&collector);
        collector.ack_status = statuses[i];
        assert_int_equal(send_one_take(&collector, json_object(), &err), OUTCOME_RETRY);
        assert_int_equal(err.kind, ERROR_BUSY);
        buf_clear(&collector.body);
    }
}

static void without_acknowledgement_a_200_counts_and_nobody_is_asked(void **state)
{
    (void)state;
    struct collector collector;
    struct error err = {0};
    json_t *settings = json_pack("{s:b}", "acknowledgement", 0);
    assert_true(sink_type_find("splunk-hec")->is_unverified(settings));
    collector_open(&collector);
    collector.answer = "{\"text\":\"Success\",\"code\":0}";
    assert_int_equal(send_one_take(&collector, settings, &err), OUTCOME_ACCEPTED);
    assert_int_equal(collector.asks, 0);
    buf_clear(&collector.body);
}

static const struct row {
    const char *name;
    int status;
    const char *answer;
    enum error_kind kind;
    const char *word; /* of the error's text */
} rows[] = {
    {"a token without acknowledgement holds the sink", 200, "{\"code\":0}", ERROR_CONFIG,
     "acknowledgement: false"},
    {"a disabled token holds the sink", 403, "{\"code\":1}", ERROR_DENIED, "disabled"},
    {"a wrong token holds the sink", 403, "{\"code\":4}", ERROR_DENIED, "not valid"},
    {"a wrong index holds the sink", 400, "{\"code\":7}", ERROR_DENIED, "index"},
    {"a missing channel holds the sink", 400, "{\"code\":10}", ERROR_DENIED, "channel"},
    {"bytes that are no event are refused twice and hold it", 400, "{\"code\":6}",
     ERROR_DENIED, "heartbeat"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void what_every_event_would_meet_holds_the_sink(void **state)
{
    const struct row *row = *state;
    struct collector collector;
    struct error err = {0};
    collector_open(&collector);
    collector.status = row->status;
    collector.answer = row->answer;
    assert_int_equal(send_one_take(&collector, json_object(), &err), OUTCOME_RETRY);
    assert_int_equal(err.kind, row->kind);
    assert_non_null(strstr(err.text, row->word));
    buf_clear(&collector.body);
}

int main(void)
{
    struct CMUnitTest row_tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        row_tests[i] =
            (struct CMUnitTest){.name = rows[i].name,
                                .test_func = what_every_event_would_meet_holds_the_sink,
                                .initial_state = (void *)&rows[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_counts_once_it_is_indexed),
        cmocka_unit_test(what_is_never_indexed_is_undecided_and_not_delivered),
        cmocka_unit_test(an_answer_to_ack_that_is_no_success_is_never_a_delivery),
        cmocka_unit_test(without_acknowledgement_a_200_counts_and_nobody_is_asked),
    };
    int failed =
        cmocka_run_group_tests_name("sink_splunk_hec codes", row_tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("sink_splunk_hec", tests, NULL, NULL);
}
