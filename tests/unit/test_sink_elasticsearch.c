/* sinks/elasticsearch.c: what goes over the wire, and what each item's status means. */
#include "base/mem.h"
#include "net/http.h"
#include "sinks/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { EVENTS = 3, BODY_MAX = 1 << 20, TIME_MS = 1 };

/* A cluster that gives one answer to every bulk of EVENTS, and takes any heartbeat. */
struct cluster {
    const char *answer;
    char url[256];
    char credential[256];
    struct buf body; /* of the last request with events */
    int requests;
    struct runtime runtime;
};

static bool is_heartbeat(const struct http_request *request)
{
    return strstr((const char *)request->body.data, "bridge.heartbeat") != NULL;
}

static bool answer(void *context, const struct http_request *request,
                   struct http_response *response, struct error *err)
{
    struct cluster *cluster = context;
    struct http_extra extra = {0};
    cluster->requests++;
    snprintf(cluster->url, sizeof(cluster->url), "%s", request->url);
    assert_true(request->authorize(request->context, request, false, &extra, err));
    if (extra.count > 0) {
        snprintf(cluster->credential, sizeof(cluster->credential), "%s: %s",
                 extra.items[0].name, extra.items[0].value);
    }
    http_extra_clear(&extra);
    response->status = 200;
    buf_init(&response->body, BODY_MAX);
    if (is_heartbeat(request)) {
        return buf_add_text(&response->body,
                            "{\"items\":[{\"create\":{\"status\":201}}]}");
    }
    cluster->body.size = 0;
    buf_add_bytes(&cluster->body, request->body);
    return buf_add_text(&response->body, cluster->answer);
}

static int64_t no_time(void *context)
{
    (void)context;
    return TIME_MS;
}

static void cluster_open(struct cluster *cluster, const char *said)
{
    *cluster = (struct cluster){
        .answer = said,
        .runtime = {.context = cluster,
                    .http = answer,
                    .now_ms = no_time,
                    .monotonic_ms = no_time},
    };
    buf_init(&cluster->body, BODY_MAX);
}

static struct sink *open_sink_take(struct cluster *cluster, json_t *settings)
{
    struct sink *sink = NULL;
    struct error err = {0};
    json_object_set_new(settings, "url", json_string("https://search.test:9200/"));
    json_object_set_new(settings, "max_body_size", json_integer(1 << 20));
    assert_true(sink_type_find("elasticsearch")
                    ->open(settings, FORMAT_ECS, &cluster->runtime, &sink, &err));
    json_decref(settings);
    return sink;
}

/* Event n: id "aws:n", at noon of 2026-03-(n+1). */
static void fill(struct batch *batch)
{
    const int64_t noon_ms = INT64_C(1772366400000); /* 2026-03-01T12:00:00Z */
    batch_init(batch, "prod");
    for (int i = 0; i < EVENTS; i++) {
        struct batch_event *event = batch_add(batch);
        struct buf *body = &batch->bodies[FORMAT_ECS];
        event->time_ms = noon_ms + i * INT64_C(86400000);
        event->id_at = batch->ids.size;
        buf_addf(&batch->ids, "aws:\"%d\"", i);
        buf_add_byte(&batch->ids, '\0');
        event->text[FORMAT_ECS].at = body->size;
        buf_addf(body, "{\"n\":%d}", i);
        event->text[FORMAT_ECS].size = body->size - event->text[FORMAT_ECS].at;
    }
}

#define ITEM(status) "{\"create\":{\"status\":" #status "}}"
#define FAULT(status, type)                                                              \
    "{\"create\":{\"status\":" #status ",\"error\":{\"type\":\"" type "\"}}}"
#define ANSWER(a, b, c) "{\"errors\":true,\"items\":[" a "," b "," c "]}"

/* outcomes: a letter for each event, of "RADXU" as enum outcome_kind. */
static const struct row {
    const char *name;
    const char *answer;
    const char *outcomes;
    enum error_kind kind;
    const char *reason; /* of the event that is refused, or of the error */
} rows[] = {
    {"all are created", ANSWER(ITEM(201), ITEM(201), ITEM(200)), "AAA", ERROR_NONE, NULL},
    {"409 is an event that was there", ANSWER(ITEM(201), ITEM(409), ITEM(201)), "ADA",
     ERROR_NONE, NULL},
    {"429 of one event comes again alone",
     ANSWER(ITEM(201), FAULT(429, "es_rejected_execution_exception"), ITEM(201)), "ARA",
     ERROR_BUSY, "it put off 1 events: HTTP 429 es_rejected_execution_exception"},
    {"a failed shard comes again", ANSWER(ITEM(503), ITEM(201), ITEM(201)), "RAA",
     ERROR_BUSY, NULL},
    {"a disk past its flood stage comes again",
     ANSWER(FAULT(403, "cluster_block_exception"), ITEM(201), ITEM(201)), "RAA",
     ERROR_BUSY, NULL},
    {"a mapping error is that event's own",
     ANSWER(ITEM(201), ITEM(201), FAULT(400, "document_parsing_exception")), "AAX",
     ERROR_NONE, "HTTP 400 document_parsing_exception"},
    {"a kind of error that is no word is not shown",
     ANSWER(ITEM(201), ITEM(201), FAULT(400, "see {user}")), "AAX", ERROR_NONE,
     "HTTP 400 "},
    {"an index that is not there holds the sink",
     ANSWER(ITEM(201), FAULT(404, "index_not_found_exception"), ITEM(201)), "RRR",
     ERROR_DENIED, NULL},
    {"a forbidden index holds the sink",
     ANSWER(FAULT(403, "security_exception"), ITEM(201), ITEM(201)), "RRR", ERROR_DENIED,
     NULL},
    {"fewer items than events are not believed", "{\"items\":[" ITEM(201) "]}", "RRR",
     ERROR_BUSY, NULL},
    {"what is no JSON is not believed", "<html>", "RRR", ERROR_BUSY, NULL},
    {"an item without a status is not believed", ANSWER("{}", ITEM(201), ITEM(201)),
     "RAA", ERROR_BUSY, NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void each_item_is_judged_alone(void **state)
{
    const struct row *row = *state;
    struct cluster cluster;
    struct batch batch;
    struct error err = {0};
    struct outcome outcomes[EVENTS] = {0};
    cluster_open(&cluster, row->answer);
    fill(&batch);
    struct sink *sink = open_sink_take(&cluster, json_pack("{s:s}", "index", "audit"));

    bool ok = sink_type_find("elasticsearch")
                  ->send(sink, &cluster.runtime, &batch, outcomes, &err);
    assert_int_equal(ok, row->kind == ERROR_NONE);
    assert_int_equal(err.kind, row->kind);
    if (!ok && row->reason != NULL) {
        assert_string_equal(err.text, row->reason);
    }
    for (size_t i = 0; i < EVENTS; i++) {
        assert_int_equal("RADXU"[outcomes[i].kind], row -> outcomes[i]);
        if (outcomes[i].kind == OUTCOME_REFUSED) {
            assert_string_equal(outcomes[i].reason, row->reason);
        }
    }

    sink_type_find("elasticsearch")->close(sink);
    batch_clear(&batch);
    buf_clear(&cluster.body);
}

/* What one send posts, with settings. */
static void send_with_take(struct cluster *cluster, json_t *settings, const char *said)
{
    struct batch batch;
    struct error err = {0};
    struct outcome outcomes[EVENTS] = {0};
    cluster_open(cluster, said);
    fill(&batch);
    struct sink *sink = open_sink_take(cluster, settings);
    assert_true(sink_type_find("elasticsearch")
                    ->send(sink, &cluster->runtime, &batch, outcomes, &err));
    sink_type_find("elasticsearch")->close(sink);
    batch_clear(&batch);
}

static void events_are_created_by_id_in_the_index_of_their_own_time(void **state)
{
    (void)state;
    struct cluster cluster;
    send_with_take(&cluster,
                   json_pack("{s:s, s:s}", "index", "audit-%Y.%m.%d", "api_key", "k1"),
                   ANSWER(ITEM(201), ITEM(201), ITEM(201)));
    assert_string_equal(buf_text(&cluster.body),
                        "{\"create\":{\"_index\":\"audit-2026.03.01\","
                        "\"_id\":\"aws:\\\"0\\\"\"}}\n{\"n\":0}\n"
                        "{\"create\":{\"_index\":\"audit-2026.03.02\","
                        "\"_id\":\"aws:\\\"1\\\"\"}}\n{\"n\":1}\n"
                        "{\"create\":{\"_index\":\"audit-2026.03.03\","
                        "\"_id\":\"aws:\\\"2\\\"\"}}\n{\"n\":2}\n");
    assert_string_equal(cluster.credential, "Authorization: ApiKey k1");
    assert_non_null(strstr(cluster.url, "https://search.test:9200/_bulk?filter_path="));
    buf_clear(&cluster.body);
}

/* An item of an index, as only a data stream asks for. */
#define IN(index) "{\"create\":{\"status\":201,\"_index\":\"" index "\"}}"

/* OpenSearch and Elasticsearch name backing indices alike; no parameter is sent that one
 * of them would refuse. */
static void a_data_stream_is_known_by_its_backing_index(void **state)
{
    (void)state;
    struct cluster cluster;
    send_with_take(
        &cluster,
        json_pack("{s:s, s:s}", "index", "audit-%Y", "data_stream", "logs-audit-prod"),
        ANSWER(IN(".ds-logs-audit-prod-000001"), IN(".ds-logs-audit-prod-2"),
               IN(".ds-logs-audit-prod-2026.11.25-000003")));
    assert_non_null(strstr(cluster.url, "items.%2A._index"));
    assert_null(strstr(cluster.url, "require"));
    assert_non_null(strstr(buf_text(&cluster.body), "\"_index\":\"logs-audit-prod\""));
    buf_clear(&cluster.body);
}

static void an_index_in_a_data_streams_stead_holds_the_sink(void **state)
{
    (void)state;
    struct cluster cluster;
    struct batch batch;
    struct error err = {0};
    struct outcome outcomes[EVENTS] = {0};
    cluster_open(&cluster, ANSWER(IN("audit"), IN("audit"), IN("audit")));
    fill(&batch);
    struct sink *sink = open_sink_take(
        &cluster, json_pack("{s:s, s:s}", "index", "x", "data_stream", "audit"));
    assert_false(sink_type_find("elasticsearch")
                     ->send(sink, &cluster.runtime, &batch, outcomes, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, "audit is an index and no data stream"));
    for (size_t i = 0; i < EVENTS; i++) {
        assert_int_equal(outcomes[i].kind, OUTCOME_RETRY);
    }
    sink_type_find("elasticsearch")->close(sink);
    batch_clear(&batch);
    buf_clear(&cluster.body);
}

static void names_that_no_index_may_have_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "-audit", "_audit", ".audit", "audit-%H", "audit-%", "a..b", "auditY", "%"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *key = NULL;
        json_t *settings =
            json_pack("{s:s, s:s}", "url", "https://search.test", "index", wrong[i]);
        assert_non_null(sink_type_find("elasticsearch")->fault(settings, &key));
        assert_string_equal(key, "index");
        json_decref(settings);
    }
}

int main(void)
{
    struct CMUnitTest row_tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        row_tests[i] = (struct CMUnitTest){.name = rows[i].name,
                                           .test_func = each_item_is_judged_alone,
                                           .initial_state = (void *)&rows[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_created_by_id_in_the_index_of_their_own_time),
        cmocka_unit_test(a_data_stream_is_known_by_its_backing_index),
        cmocka_unit_test(an_index_in_a_data_streams_stead_holds_the_sink),
        cmocka_unit_test(names_that_no_index_may_have_are_refused),
    };
    int failed =
        cmocka_run_group_tests_name("sink_elasticsearch items", row_tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("sink_elasticsearch", tests, NULL, NULL);
}
