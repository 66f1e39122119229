/*
 * The filter that picks audit entries, in the Logging query language:
 *
 *   (log_id("cloudaudit.googleapis.com/activity") OR
 *    (log_id("cloudaudit.googleapis.com/data_access") AND protoPayload.serviceName=
 *     ("iamcredentials.googleapis.com" OR "sts.googleapis.com")))
 *   AND NOT (protoPayload.methodName:"io.k8s.coordination.")
 *   AND timestamp>="..." AND timestamp<="..."
 *   AND receiveTimestamp>="..." AND receiveTimestamp<="..."
 *
 * Logs are named by log_id(), never by logName: a filter that names a parent which is not
 * asked returns nothing, and says nothing. A slice's text depends on the slice and the
 * settings alone, because a page token is good only for the very text that gave it.
 *
 * timestamp is when it happened, receiveTimestamp when Logging took it in. The second is
 * what a slice is of; the first is bounded, too, because a search without bounds on it
 * takes minutes. What is received later than "late" after it happened is not found.
 */
#ifndef GCP_LQL_H
#define GCP_LQL_H

#include "provider.h"

enum { LQL_SIZE_MAX = 20000 }; /* Logging refuses a longer filter */

extern const char *const lql_logs[]; /* "activity", ...; ends with NULL */

/* Do settings ask for log, one of lql_logs? */
bool lql_reads(const json_t *settings, const char *log);
/* And, of data_access, for service? */
bool lql_reads_service(const json_t *settings, const char *service);
/* Is what settings say of logs, services and exclusions fit for a filter? */
bool lql_check(const json_t *settings, struct error *err);

/* What a log sink would take to see the same: without times. The caller frees. */
char *lql_sink(const json_t *settings);
/* What a slice takes. late_ms: how long after it happened an entry may come. */
char *lql_slice(const json_t *settings, const struct slice *slice, int64_t late_ms);

/* What Workspace and Cloud Identity tell of groups, received from from_ms to to_ms. The
 * caller frees. */
char *lql_groups(int64_t from_ms, int64_t to_ms);

#endif
