/* sinks/otlp.c: what goes over the wire, and what an answer decides. */
#include "base/mem.h"
#include "net/http.h"
#include "sinks/otlp.pb-c.h"
#include "sinks/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BODY_MAX = 1 << 20, EVENTS = 20, WALL_MS = 1795413600 };

/* A receiver that answers every request alike. */
struct receiver {
    int status;
    const char *type;
    struct bytes answer;
    int requests;
    char url[64];
    struct buf body; /* of the first request */
    int64_t now_ms;
    struct runtime runtime;
};

static bool answer(void *context, const struct http_request *request,
                   struct http_response *response, struct error *err)
{
    (void)err;
    struct receiver *receiver = context;
    if (receiver->requests++ == 0) {
        buf_add_bytes(&receiver->body, request->body);
        snprintf(receiver->url, sizeof(receiver->url), "%s", request->url);
    }
    buf_init(&response->body, BODY_MAX);
    response->status = receiver->status;
    snprintf(response->content_type, sizeof(response->content_type), "%s",
             receiver->type);
    return buf_add_bytes(&response->body, receiver->answer);
}

static int64_t now(void *context)
{
    return WALL_MS + ((struct receiver *)context)->now_ms;
}

static void receiver_open(struct receiver *receiver)
{
    *receiver = (struct receiver){
        .status = 200,
        .type = "application/x-protobuf",
        .runtime = {
            .context = receiver, .http = answer, .now_ms = now, .monotonic_ms = now}};
    buf_init(&receiver->body, BODY_MAX);
}

static void fill(struct batch *batch)
{
    batch_init(batch, "prod");
    for (int i = 0; i < EVENTS; i++) {
        struct batch_event *event = batch_add(batch);
        struct buf *body = &batch->bodies[FORMAT_ECS];
        event->time_ms = INT64_C(1772366400042) + i;
        event->id_at = batch->ids.size;
        buf_addf(&batch->ids, "aws:%d", i);
        buf_add_byte(&batch->ids, '\0');
        event->text[FORMAT_ECS].at = body->size;
        buf_addf(body, "{\"n\":%d}", i);
        event->text[FORMAT_ECS].size = body->size - event->text[FORMAT_ECS].at;
    }
}

static bool send_all(struct receiver *receiver, struct outcome *outcomes,
                     struct error *err)
{
    const struct sink_type *type = sink_type_find("otlp");
    struct sink *sink = NULL;
    struct batch batch;
    fill(&batch);
    json_t *settings = json_pack("{s:s,s:i,s:i}", "url", "https://collector.test:4318/",
                                 "max_body_size", BODY_MAX, "timeout", 30000);
    assert_true(type->open(settings, FORMAT_ECS, &receiver->runtime, &sink, err));
    bool ok = type->send(sink, &receiver->runtime, &batch, outcomes, err);
    type->close(sink);
    json_decref(settings);
    batch_clear(&batch);
    return ok;
}

/* The records are one field of one scope, of one resource: no event pays for another. */
static void records_are_all_of_one_resource_and_scope(void **state)
{
    (void)state;
    struct receiver receiver;
    struct outcome outcomes[EVENTS] = {0};
    struct error err = {0};
    receiver_open(&receiver);
    assert_true(send_all(&receiver, outcomes, &err));
    assert_int_equal(outcomes[EVENTS - 1].kind, OUTCOME_ACCEPTED);
    assert_string_equal(receiver.url, "https://collector.test:4318/v1/logs");

    /* resource_logs and its length, resource, then scope_logs and its length. */
    const uint8_t *data = receiver.body.data;
    size_t size = (size_t)(data[1] & 0x7f) | (size_t)data[2] << 7;
    assert_int_equal(data[0], 0x0a);
    assert_int_equal(size + 3, receiver.body.size);
    size_t resource = 2 + (size_t)data[4];
    assert_int_equal(data[3 + resource], 0x12);
    const uint8_t *logs = data + 3 + resource + 3;
    Otlp__ScopeLogs *read =
        otlp__scope_logs__unpack(NULL, receiver.body.size - (size_t)(logs - data), logs);
    assert_non_null(read);
    assert_string_equal(read->scope->name, "auditbridge");
    assert_int_equal(read->n_log_records, EVENTS);
    const Otlp__LogRecord *last = read->log_records[EVENTS - 1];
    assert_int_equal(last->time_unix_nano, UINT64_C(1772366400061000000));
    assert_int_equal(last->observed_time_unix_nano, UINT64_C(1000000) * WALL_MS);
    assert_memory_equal(last->body->string_value.data, "{\"n\":19}", 8);
    assert_string_equal(last->attributes[0]->key, "log.record.uid");
    assert_memory_equal(last->attributes[0]->value->string_value.data, "aws:19", 6);
    otlp__scope_logs__free_unpacked(read, NULL);
    buf_clear(&receiver.body);
}

#define BYTES(text)                                                                      \
    {                                                                                    \
        (const uint8_t *)(text), sizeof(text) - 1                                        \
    }

/* partial_success {rejected_log_records, error_message "no"}, of 1 and of all. */
#define REJECTED_1 BYTES("\x0a\x06\x08\x01\x12\x02no")
#define REJECTED_ALL BYTES("\x0a\x06\x08\x14\x12\x02no")

static const struct row {
    const char *name;
    const char *type;
    struct bytes answer;
    const char *word; /* of the reason, or of the error's text */
    int status;
    enum outcome_kind kind;
    enum error_kind error;
    bool is_doubted;
} rows[] = {
    {"nothing said: all arrived", "application/x-protobuf", BYTES(""), "", 200,
     OUTCOME_ACCEPTED, ERROR_NONE, false},
    {"created is as good", "", BYTES(""), "", 201, OUTCOME_ACCEPTED, ERROR_NONE, false},
    {"an empty partial success is a success", "application/x-protobuf", BYTES("\x0a\x00"),
     "", 200, OUTCOME_ACCEPTED, ERROR_NONE, false},
    {"a warning is a success", "application/x-protobuf", BYTES("\x0a\x04\x12\x02no"), "",
     200, OUTCOME_ACCEPTED, ERROR_NONE, false},
    {"one of many rejected: none is sent again", "application/x-protobuf", REJECTED_1,
     "1 of 20 log records rejected, unk", 200, OUTCOME_REFUSED, ERROR_NONE, true},
    {"the same in JSON", "application/json",
     BYTES("{\"partialSuccess\":{\"rejectedLogRecords\":\"1\"}}"), "unknown which", 200,
     OUTCOME_REFUSED, ERROR_NONE, true},
    {"the same in JSON with a number", "application/json",
     BYTES("{\"partialSuccess\":{\"rejectedLogRecords\":1}}"), "unknown which", 200,
     OUTCOME_REFUSED, ERROR_NONE, true},
    {"all rejected, heartbeats too: the sink is held", "application/x-protobuf",
     REJECTED_ALL, "heartbeat", 200, OUTCOME_RETRY, ERROR_DENIED, false},
    {"a page of a proxy is no delivery", "text/html", BYTES("<html>hello</html>"), "url",
     200, OUTCOME_RETRY, ERROR_CONFIG, false},
    {"broken JSON is no delivery", "application/json", BYTES("{"), "url", 200,
     OUTCOME_RETRY, ERROR_CONFIG, false},
    {"a refused credential holds it", "", BYTES(""), "credential", 401, OUTCOME_RETRY,
     ERROR_DENIED, false},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void an_answer_decides(void **state)
{
    const struct row *row = *state;
    struct receiver receiver;
    struct outcome outcomes[EVENTS] = {0};
    struct error err = {0};
    receiver_open(&receiver);
    receiver.status = row->status;
    receiver.type = row->type;
    receiver.answer = row->answer;
    assert_int_equal(send_all(&receiver, outcomes, &err), row->error == ERROR_NONE);
    assert_int_equal(err.kind, row->error);
    for (int i = 0; i < EVENTS; i++) {
        assert_int_equal(outcomes[i].kind, row->kind);
        assert_int_equal(outcomes[i].is_doubted, row->is_doubted);
    }
    const char *said = row->error == ERROR_NONE ? outcomes[0].reason : err.text;
    assert_non_null(strstr(said, row->word));
    if (row->error == ERROR_NONE) {
        assert_int_equal(receiver.requests, 1);
    }
    buf_clear(&receiver.body);
}

int main(void)
{
    struct CMUnitTest row_tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        row_tests[i] = (struct CMUnitTest){.name = rows[i].name,
                                           .test_func = an_answer_decides,
                                           .initial_state = (void *)&rows[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_all_of_one_resource_and_scope),
    };
    int failed = cmocka_run_group_tests_name("sink_otlp answers", row_tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("sink_otlp", tests, NULL, NULL);
}
