/* Stands in for kafka_client.c where this program is built without librdkafka. */
#include "sinks/kafka_client.h"

bool kafka_client_new(const json_t *settings, struct kafka_client **client,
                      struct error *err)
{
    (void)settings;
    *client = NULL;
    return error_set(err, ERROR_CONFIG,
                     "kafka: this auditbridge was built without librdkafka; install "
                     "librdkafka-dev and build with -DBRIDGE_KAFKA=ON");
}

void kafka_client_free(struct kafka_client *client)
{
    (void)client;
}

bool kafka_client_produce(struct kafka_client *client, const struct runtime *runtime,
                          struct kafka_shipment *shipment, struct error *err)
{
    (void)client;
    (void)runtime;
    (void)shipment;
    return error_set(err, ERROR_CONFIG, "kafka: built without librdkafka");
}

uint64_t kafka_client_stamp(const json_t *settings)
{
    (void)settings;
    return 0;
}
