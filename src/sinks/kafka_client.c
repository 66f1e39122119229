#include "sinks/kafka_client.h"

#include "base/log.h"
#include "base/mem.h"
#include "sinks/credential.h"
#include "sinks/kafka_conf.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 20, WHY_SIZE = 256, PRODUCE_PARTS = 5, STOP_GRACE_MS = 5000 };
enum { FIRST_WITH_SCRAM_OF_KAFKA_4 = 0x020601ff };

/* A producer, and the threads that use it. */
struct producer {
    rd_kafka_t *handle;
    size_t users; /* under the client's mutex */
    uint64_t stamp;
    bool is_spent;         /* under the client's mutex: nobody new comes */
    atomic_int last_error; /* what a broker connection met last */
    pthread_mutex_t words_mutex;
    char words[KAFKA_WORDS_SIZE]; /* librdkafka's about it */
};

struct kafka_client {
    json_t *settings;
    struct credential *password;
    pthread_mutex_t mutex;
    struct producer *current; /* NULL: none yet */
};

/* The messages of one call; reports come on whichever thread polls. */
struct ticket {
    struct producer *producer;
    atomic_size_t pending;
};

/* What a report is about. */
struct parcel {
    struct ticket *ticket;
    struct kafka_message *message;
};

static const char *text_of(const json_t *settings, const char *key)
{
    return json_string_value(json_object_get(settings, key));
}

uint64_t kafka_client_stamp(const json_t *settings)
{
    return credential_stamp(text_of(settings, "password_file")) +
           3 * credential_stamp(text_of(settings, "client_cert")) +
           5 * credential_stamp(text_of(settings, "client_key")) +
           7 * credential_stamp(text_of(settings, "ca_file"));
}

static bool is_of_credential(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           error == RD_KAFKA_RESP_ERR__SSL ||
           error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

#ifndef BRIDGE_TEST_DROP_BUSY
static enum kafka_verdict verdict_of_late(const struct ticket *ticket)
{
    return is_of_credential(atomic_load(&ticket->producer->last_error)) ? KAFKA_DENIED
                                                                        : KAFKA_UNDECIDED;
}
#else
/* Wrong on purpose, as in post.c: proves that the fault table finds it. */
static enum kafka_verdict verdict_of_late(const struct ticket *ticket)
{
    (void)ticket;
    return KAFKA_PERSISTED;
}
#endif

static enum kafka_verdict verdict_of(rd_kafka_resp_err_t error,
                                     const struct ticket *ticket)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return KAFKA_PERSISTED;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return KAFKA_TOO_BIG;
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        return KAFKA_REFUSED;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
        return KAFKA_DENIED;
    case RD_KAFKA_RESP_ERR__FATAL:
        return KAFKA_PRODUCER_UNFIT;
    default:
        return verdict_of_late(ticket);
    }
}

static void decide(struct parcel *parcel, rd_kafka_resp_err_t error)
{
    struct kafka_message *message = parcel->message;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_store(&parcel->ticket->producer->last_error, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    rd_kafka_resp_err_t last = atomic_load(&parcel->ticket->producer->last_error);
    bool is_late = error == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ||
                   error == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                   error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    message->verdict = verdict_of(error, parcel->ticket);
    snprintf(message->reason, sizeof(message->reason), "%s%s%s%s",
             rd_kafka_err2name(error), is_late ? ": not acknowledged in time" : "",
             is_late && last != RD_KAFKA_RESP_ERR_NO_ERROR ? "; last " : "",
             is_late && last != RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_err2name(last)
                                                           : "");
    atomic_fetch_sub(&parcel->ticket->pending, 1);
}

static void on_report(rd_kafka_t *handle, const rd_kafka_message_t *report, void *opaque)
{
    (void)handle;
    (void)opaque;
    decide(report->_private, report->err);
}

static void on_error(rd_kafka_t *handle, int error, const char *reason, void *opaque)
{
    (void)handle;
    struct producer *producer = opaque;
    pthread_mutex_lock(&producer->words_mutex);
    snprintf(producer->words, sizeof(producer->words), "%s", reason);
    pthread_mutex_unlock(&producer->words_mutex);
    atomic_store(&producer->last_error, error);
}

/*
 * librdkafka before 2.6.1 repeats its own nonce in the last message of SCRAM, which Kafka
 * 4 refuses as a wrong password (confluentinc/librdkafka#4895). Debian 12 has 2.0.2.
 */
static bool is_scram_in_doubt(const struct kafka_client *client, int error)
{
    const char *mechanism = text_of(client->settings, "sasl_mechanism");
    return mechanism != NULL && strncmp(mechanism, "SCRAM-", 6) == 0 &&
           error != RD_KAFKA_RESP_ERR__SSL && is_of_credential(error) &&
           rd_kafka_version() < FIRST_WITH_SCRAM_OF_KAFKA_4;
}

/* What the connections met last, for the operator; nothing when the last went well. */
static void say_words(const struct kafka_client *client, struct producer *producer,
                      char words[KAFKA_WORDS_SIZE])
{
    int error = atomic_load(&producer->last_error);
    words[0] = '\0';
    if (is_scram_in_doubt(client, error)) {
        snprintf(
            words, KAFKA_WORDS_SIZE,
            "a wrong user or password, or a broker of Kafka 4 or later, with which "
            "librdkafka %s cannot use SCRAM (2.6.1 can): then use PLAIN over TLS or a "
            "client certificate",
            rd_kafka_version_str());
    } else if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        pthread_mutex_lock(&producer->words_mutex);
        memcpy(words, producer->words, KAFKA_WORDS_SIZE);
        pthread_mutex_unlock(&producer->words_mutex);
    }
}

/* librdkafka's own words: host names and states, never a message or a password. */
static void on_log(const rd_kafka_t *handle, int level, const char *facility,
                   const char *text)
{
    (void)handle;
    log_write_take(LOG_DEBUG, LOG_SINK_LIBRARY, NULL,
                   json_pack("{s:s,s:i,s:s,s:s}", "library", "librdkafka", "severity",
                             level, "facility", facility, "text", text));
}

static rd_kafka_conf_t *conf_of(const struct kafka_client *client, bool is_anew,
                                struct error *err)
{
    struct secret password = {0};
    rd_kafka_conf_t *conf = NULL;
    if (client->password == NULL ||
        credential_get(client->password, is_anew, &password, err)) {
        conf = kafka_conf_new(client->settings, &password, err);
    }
    secret_clear(&password);
    return conf;
}

bool kafka_client_new(const json_t *settings, struct kafka_client **client,
                      struct error *err)
{
    struct kafka_client *opened = mem_new(1, sizeof(*opened));
    opened->settings = json_deep_copy(settings);
    opened->password =
        credential_new(text_of(settings, "password"), text_of(settings, "password_file"));
    pthread_mutex_init(&opened->mutex, NULL);
    rd_kafka_conf_t *conf = conf_of(opened, false, err);
    if (conf == NULL) {
        kafka_client_free(opened);
        return false;
    }
    rd_kafka_conf_destroy(conf);
    *client = opened;
    return true;
}

static void producer_free(struct producer *producer)
{
    if (producer != NULL) {
        rd_kafka_destroy(producer->handle);
        pthread_mutex_destroy(&producer->words_mutex);
        free(producer);
    }
}

void kafka_client_free(struct kafka_client *client)
{
    if (client != NULL) {
        producer_free(client->current);
        credential_free(client->password);
        json_decref(client->settings);
        pthread_mutex_destroy(&client->mutex);
        free(client);
    }
}

static struct producer *producer_new(const struct kafka_client *client, struct error *err)
{
    char why[WHY_SIZE] = "";
    rd_kafka_conf_t *conf = conf_of(client, true, err);
    if (conf == NULL) {
        return NULL;
    }
    struct producer *producer = mem_new(1, sizeof(*producer));
    pthread_mutex_init(&producer->words_mutex, NULL);
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    producer->stamp = kafka_client_stamp(client->settings);
    producer->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (producer->handle == NULL) {
        rd_kafka_conf_destroy(conf);
        pthread_mutex_destroy(&producer->words_mutex);
        free(producer);
        error_set(err, ERROR_CONFIG, "kafka: no producer can be made: %s", why);
        return NULL;
    }
    return producer;
}

static void let_go(struct kafka_client *client, struct producer *producer, bool is_spent)
{
    pthread_mutex_lock(&client->mutex);
    producer->is_spent = producer->is_spent || is_spent;
    producer->users--;
    if (producer->is_spent && client->current == producer) {
        client->current = NULL;
    }
    bool is_last = producer->is_spent && producer->users == 0;
    pthread_mutex_unlock(&client->mutex);
    if (is_last) {
        producer_free(producer);
    }
}

/* The producer of now, made when there is none or its files have changed. */
static struct producer *take_hold(struct kafka_client *client, struct error *err)
{
    struct producer *old = NULL;
    pthread_mutex_lock(&client->mutex);
    struct producer *current = client->current;
    if (current != NULL && current->stamp != kafka_client_stamp(client->settings)) {
        current->is_spent = true;
        old = current->users == 0 ? current : NULL;
        client->current = NULL;
    }
    if (client->current == NULL) {
        client->current = producer_new(client, err);
    }
    current = client->current;
    if (current != NULL) {
        current->users++;
    }
    pthread_mutex_unlock(&client->mutex);
    producer_free(old);
    return current;
}

static void enqueue(const struct kafka_client *client, struct producer *producer,
                    struct parcel *parcel)
{
    const struct kafka_message *message = parcel->message;
    rd_kafka_vu_t parts[PRODUCE_PARTS] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = text_of(client->settings, "topic")},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)message->id, strlen(message->id)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)message->text.data, message->text.size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = parcel},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(producer->handle, parts, PRODUCE_PARTS);
    if (error != NULL) {
        decide(parcel, rd_kafka_error_code(error));
        rd_kafka_error_destroy(error);
    }
}

/*
 * Serves reports until there is one for each message. At the deadline the producer is
 * emptied, other threads' messages with it: they come again, as everything does that was
 * late. librdkafka then reports on all of them at once.
 */
static void await(struct producer *producer, const struct runtime *runtime,
                  const struct ticket *ticket, int64_t deadline_ms)
{
    bool is_purged = false;
    bool is_stopping = false;
    while (atomic_load(&ticket->pending) > 0) {
        rd_kafka_poll(producer->handle, POLL_MS);
        int64_t now_ms = runtime->monotonic_ms(runtime->context);
        if (!is_stopping && !runtime->wait(runtime->context, 0, NULL)) {
            is_stopping = true;
            int64_t end_ms = now_ms + STOP_GRACE_MS;
            deadline_ms = end_ms < deadline_ms ? end_ms : deadline_ms;
        }
        if (!is_purged && now_ms >= deadline_ms) {
            is_purged = true;
            rd_kafka_purge(producer->handle,
                           RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        }
    }
}

static bool needs_another(struct producer *producer,
                          const struct kafka_shipment *shipment)
{
    char why[WHY_SIZE];
    bool is_unfit = rd_kafka_fatal_error(producer->handle, why, sizeof(why)) != 0 ||
                    is_of_credential(atomic_load(&producer->last_error));
    for (size_t i = 0; !is_unfit && i < shipment->count; i++) {
        is_unfit = shipment->messages[i].verdict == KAFKA_PRODUCER_UNFIT;
    }
    return is_unfit;
}

bool kafka_client_produce(struct kafka_client *client, const struct runtime *runtime,
                          struct kafka_shipment *shipment, struct error *err)
{
    struct producer *producer = take_hold(client, err);
    if (producer == NULL) {
        return false;
    }
    struct ticket ticket = {.producer = producer};
    struct parcel *parcels = mem_new(shipment->count, sizeof(*parcels));
    int64_t own_ms = runtime->monotonic_ms(runtime->context) +
                     json_integer_value(json_object_get(client->settings, "timeout"));
    bool is_sooner = shipment->deadline_ms != 0 && shipment->deadline_ms < own_ms;
    atomic_init(&ticket.pending, shipment->count);
    for (size_t i = 0; i < shipment->count; i++) {
        parcels[i] = (struct parcel){&ticket, &shipment->messages[i]};
        shipment->messages[i].verdict = KAFKA_PENDING;
        enqueue(client, producer, &parcels[i]);
    }
    await(producer, runtime, &ticket, is_sooner ? shipment->deadline_ms : own_ms);
    free(parcels);
    say_words(client, producer, shipment->words);
    let_go(client, producer, needs_another(producer, shipment));
    return true;
}
