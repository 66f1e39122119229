/*
 * Entries of Cloud Audit Logs, as entries.list, a Pub/Sub sink and a bucket sink write
 * them: LogEntry in JSON.
 */
#ifndef GCP_SHAPE_H
#define GCP_SHAPE_H

#include "record/record.h"

extern const struct record_shape record_shape_gcp_audit;

#endif
