/* What an operator may set for a Kafka sink, and what cannot stand together. */
#ifndef SINKS_KAFKA_SETTINGS_H
#define SINKS_KAFKA_SETTINGS_H

#include "setting.h"

#include <jansson.h>

extern const struct setting kafka_settings[];

/* As sink_type.fault. */
const char *kafka_settings_fault(const json_t *settings, const char **key);

#endif
