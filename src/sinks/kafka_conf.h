/* The settings of a Kafka sink as librdkafka's own properties. */
#ifndef SINKS_KAFKA_CONF_H
#define SINKS_KAFKA_CONF_H

#include "base/error.h"
#include "base/secret.h"

#include <jansson.h>
#include <librdkafka/rdkafka.h>

/*
 * Everything but callbacks. password may be empty. NULL, ERROR_CONFIG: a property that
 * librdkafka does not take. The caller destroys, or gives it to rd_kafka_new.
 */
rd_kafka_conf_t *kafka_conf_new(const json_t *settings, const struct secret *password,
                                struct error *err);

#endif
