/*
 * Gives what a run measured to a Prometheus Pushgateway.
 *
 *   PUT https://gateway.example/metrics/job/auditbridge/instance/default
 *   Authorization: Basic ...
 *
 *   # TYPE auditbridge_run_exit_code gauge ...
 *
 * A run that failed is sent by POST: metrics that it does not bring, such as when a run
 * last succeeded, stay in the group.
 *
 * Errors: those of net/http.h; ERROR_DENIED and ERROR_DATA for the gateway's refusals.
 */
#ifndef METRICS_PUSH_H
#define METRICS_PUSH_H

#include "base/bytes.h"
#include "base/error.h"
#include "runtime.h"

#include <jansson.h>

/* settings: the checked block `metrics` of the configuration, with a pushgateway. */
bool push_send(const json_t *settings, const struct runtime *runtime, bool is_whole,
               struct bytes text, struct error *err);

#endif
