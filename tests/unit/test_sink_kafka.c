/* sinks/kafka.c against librdkafka's own broker: when an event counts, and what is said.
 */
#include "base/mem.h"
#include "net/http.h"
#include "sinks/sink.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    PRODUCE = 0, /* its number in the protocol */
    EVENTS = 5,
    LONG_EVENT = 4096,
    READ_MS = 5000,
    EMPTY_MS = 300,
};

struct world {
    rd_kafka_t *host; /* the mock cluster lives in a client of its own */
    rd_kafka_mock_cluster_t *cluster;
    struct runtime runtime;
    struct sink *sink;
    struct batch batch;
    struct outcome outcomes[EVENTS];
};

static const struct sink_type *type(void)
{
    const struct sink_type *found = sink_type_find("kafka");
    assert_non_null(found);
    return found;
}

static void add_event(struct world *world, size_t number, size_t original)
{
    struct buf *body = &world->batch.bodies[FORMAT_ECS];
    struct batch_event *event = batch_add(&world->batch);
    event->id_at = world->batch.ids.size;
    buf_addf(&world->batch.ids, "aws:%zu", number);
    buf_add_byte(&world->batch.ids, 0);
    event->text[FORMAT_ECS].at = body->size;
    buf_addf(body, "{\"event\":{\"original\":\"%0*d\"},\"moj\":{}}", (int)original, 0);
    event->text[FORMAT_ECS].size = body->size - event->text[FORMAT_ECS].at;
}

static int set_up(void **state)
{
    char why[256];
    struct error err = {0};
    struct world *world = mem_new(1, sizeof(*world));
    world->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    world->cluster = rd_kafka_mock_cluster_new(world->host, 1);
    rd_kafka_mock_topic_create(world->cluster, "audit", 1, 1);
    runtime_init(&world->runtime);
    json_t *settings =
        json_pack("{s:[s],s:s,s:s,s:s,s:s,s:i,s:i}", "brokers",
                  rd_kafka_mock_cluster_bootstraps(world->cluster), "topic", "audit",
                  "security_protocol", "plaintext", "compression", "none", "client_id",
                  "test", "max_message_size", LONG_EVENT, "timeout", 60000);
    assert_true(type()->open(settings, FORMAT_ECS, &world->runtime, &world->sink, &err));
    json_decref(settings);
    batch_init(&world->batch, "prod");
    for (size_t i = 0; i < EVENTS; i++) {
        add_event(world, i, 10);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    type()->close(world->sink);
    batch_clear(&world->batch);
    runtime_clear(&world->runtime);
    rd_kafka_mock_cluster_destroy(world->cluster);
    rd_kafka_destroy(world->host);
    free(world);
    return 0;
}

static bool send_batch_of(struct world *world, struct error *err)
{
    return type()->send(world->sink, &world->runtime, &world->batch, world->outcomes,
                        err);
}

static void assert_all(const struct world *world, enum outcome_kind kind)
{
    for (size_t i = 0; i < EVENTS; i++) {
        assert_int_equal(world->outcomes[i].kind, kind);
    }
}

/* Notes a message that a reader of the topic finds: its key is its event.id. */
static void note(const rd_kafka_message_t *message, size_t counts[EVENTS],
                 size_t *shortened)
{
    const char *id = message->key;
    assert_int_equal(message->key_len, strlen("aws:0"));
    assert_memory_equal(id, "aws:", strlen("aws:"));
    counts[id[strlen("aws:")] - '0']++;
    char *text = mem_dup_bytes(message->payload, message->len);
    *shortened += strstr(text, "\"truncated\":true") != NULL;
    free(text);
}

/* How often each event is in the topic; returns how many have no event.original. */
static size_t read_topic(const struct world *world, size_t counts[EVENTS])
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers",
                      rd_kafka_mock_cluster_bootstraps(world->cluster), why, sizeof(why));
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof(why));
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    rd_kafka_topic_partition_list_t *parts = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(parts, "audit", 0)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, parts);
    rd_kafka_topic_partition_list_destroy(parts);
    size_t shortened = 0;
    size_t found = 0;
    rd_kafka_message_t *message = NULL;
    while ((message = rd_kafka_consumer_poll(
                reader, found < EVENTS ? READ_MS : EMPTY_MS)) != NULL) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            note(message, counts, &shortened);
            found++;
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return shortened;
}

static void assert_once(const struct world *world, size_t shortened)
{
    size_t counts[EVENTS] = {0};
    assert_int_equal(read_topic(world, counts), shortened);
    for (size_t i = 0; i < EVENTS; i++) {
        assert_int_equal(counts[i], 1);
    }
}

static void an_event_is_a_message_whose_key_is_its_id(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    assert_true(send_batch_of(world, &err));
    assert_all(world, OUTCOME_ACCEPTED);
    assert_once(world, 0);
}

static void too_few_replicas_are_waited_for_without_a_repeat(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    rd_kafka_mock_push_request_errors(world->cluster, PRODUCE, 2,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    assert_true(send_batch_of(world, &err));
    assert_all(world, OUTCOME_ACCEPTED);
    assert_once(world, 0);
}

static void a_batch_that_is_too_large_goes_event_by_event(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    rd_kafka_mock_push_request_errors(world->cluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(send_batch_of(world, &err));
    assert_all(world, OUTCOME_ACCEPTED);
    assert_once(world, 0);
}

static void an_event_that_is_too_long_goes_without_its_original(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    batch_clear(&world->batch);
    batch_init(&world->batch, "prod");
    for (size_t i = 0; i < EVENTS; i++) {
        add_event(world, i, i == 2 ? LONG_EVENT : 10);
    }
    assert_true(send_batch_of(world, &err));
    assert_all(world, OUTCOME_ACCEPTED);
    assert_once(world, 1);
}

static void a_topic_that_may_not_be_written_holds_the_sink(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    rd_kafka_mock_push_request_errors(world->cluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_false(send_batch_of(world, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, "TOPIC_AUTHORIZATION_FAILED"));
    assert_all(world, OUTCOME_RETRY);
    assert_false(send_batch_of(world, &err)); /* held: nothing is sent */
    assert_all(world, OUTCOME_RETRY);
}

static void what_is_late_is_undecided_and_not_sent_later(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    rd_kafka_mock_broker_set_down(world->cluster, 1);
    world->batch.deadline_ms =
        world->runtime.monotonic_ms(world->runtime.context) + EMPTY_MS;
    assert_false(send_batch_of(world, &err));
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_all(world, OUTCOME_RETRY);
    rd_kafka_mock_broker_set_up(world->cluster, 1);
    world->batch.deadline_ms = 0;
    while (!send_batch_of(world, &err)) { /* down: it asks again after a while */
        assert_true(err.kind == ERROR_UNREACHABLE || err.kind == ERROR_BUSY);
        assert_true(world->runtime.wait(world->runtime.context, 50, &err));
    }
    assert_all(world, OUTCOME_ACCEPTED);
    assert_once(world, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_a_message_whose_key_is_its_id, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(too_few_replicas_are_waited_for_without_a_repeat,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_is_too_large_goes_event_by_event,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_event_that_is_too_long_goes_without_its_original, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_that_may_not_be_written_holds_the_sink,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_late_is_undecided_and_not_sent_later,
                                        set_up, tear_down),
    };
    http_global_init(NULL);
    int failed = cmocka_run_group_tests_name("sink_kafka", tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
