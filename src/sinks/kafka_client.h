/*
 * Events on their way to a Kafka topic, by librdkafka: one idempotent producer, shared by
 * all threads of a sink, and made anew when it has failed for good or when a password
 * file or certificate changes. Built without librdkafka, kafka_client_new says so.
 *
 * Repeats within one producer are dropped by the broker. Another producer, such as the
 * next run's, is a stranger to it: what was undecided may then be there twice.
 */
#ifndef SINKS_KAFKA_CLIENT_H
#define SINKS_KAFKA_CLIENT_H

#include "sinks/sink.h"

struct kafka_client;

/* Checks settings, and connects to nothing yet. ERROR_CONFIG. */
bool kafka_client_new(const json_t *settings, struct kafka_client **client,
                      struct error *err);
/* Releases it; NULL is accepted. No thread may be sending. */
void kafka_client_free(struct kafka_client *client);

enum kafka_verdict {
    KAFKA_PENDING,        /* no report yet */
    KAFKA_PERSISTED,      /* every in-sync replica has it */
    KAFKA_TOO_BIG,        /* it, or the batch that it went in */
    KAFKA_REFUSED,        /* it, or another of the batch that it went in */
    KAFKA_DENIED,         /* not this event: topic, rights, credential */
    KAFKA_UNDECIDED,      /* late, purged or a passing fault: it may be there */
    KAFKA_PRODUCER_UNFIT, /* as undecided, and the producer must be made anew */
};

struct kafka_message {
    const char *id;
    struct bytes text;
    enum kafka_verdict verdict; /* filled in */
    char reason[128];           /* when not persisted: why, without event content */
};

enum { KAFKA_WORDS_SIZE = 256 };

/* What goes together. */
struct kafka_shipment {
    struct kafka_message *messages;
    size_t count;
    int64_t deadline_ms; /* monotonic clock; 0: only the setting "timeout" ends it */
    char words[KAFKA_WORDS_SIZE]; /* filled in: what connections met last, or "" */
};

/*
 * Produces messages and waits for the report of each, until the deadline, the setting
 * "timeout" or a stop: what is in the producer's queues then is taken out of them, so
 * that nothing of it is sent later. False when no producer could be made: ERROR_CONFIG.
 */
bool kafka_client_produce(struct kafka_client *client, const struct runtime *runtime,
                          struct kafka_shipment *shipment, struct error *err);

/* A number that changes when password or certificate files do. */
uint64_t kafka_client_stamp(const json_t *settings);

#endif
