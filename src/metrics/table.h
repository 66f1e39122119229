/*
 * Every series that the program exports: one row a metric. docs/metrics.md is tested
 * against it; alert rules and the dashboard may use nothing else.
 */
#ifndef METRICS_TABLE_H
#define METRICS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum { METRICS_LABELS = 3, METRICS_BUCKETS = 12 };

enum metric {
    METRIC_BUILD_INFO,
    METRIC_RUN_START,
    METRIC_RUN_END,
    METRIC_RUN_LAST_SUCCESS,
    METRIC_RUN_DURATION,
    METRIC_RUN_EXIT_CODE,
    METRIC_SOURCES,
    METRIC_SOURCES_LEFT_OUT,
    METRIC_SOURCE_LAG,
    METRIC_SOURCE_LAST_SUCCESS,
    METRIC_TURNS,
    METRIC_REQUESTS,
    METRIC_REQUEST_RETRIES,
    METRIC_RECORDS_READ,
    METRIC_RECORD_BYTES,
    METRIC_BATCHES,
    METRIC_EVENTS,
    METRIC_PRINCIPLE_EVENTS,
    METRIC_EVENT_DELAY,
    METRIC_GAPS,
    METRIC_GAP_SECONDS,
    METRIC_LAST_GAP,
    METRIC_RETENTION_LEFT,
    METRIC_RETENTION_USED,
    METRIC_CLOCK_SKEW,
    METRIC_CREDENTIAL_EXPIRY,
    METRIC_SINK_EVENTS,
    METRIC_SINK_RETRIED,
    METRIC_SINK_BYTES,
    METRIC_SINK_DURATION,
    METRIC_SINK_HELD,
    METRIC_DEAD_LETTERS,
    METRIC_DEAD_LETTERS_EXPIRED,
    METRIC_LAST_DEAD_LETTER,
    METRIC_STORE_COMMIT,
    METRIC_OUTBOX_BYTES,
    METRIC_PROCESS_CPU,
    METRIC_PROCESS_RESIDENT,
    METRIC_PROCESS_VIRTUAL,
    METRIC_PROCESS_FDS,
    METRIC_PROCESS_FDS_MAX,
    METRIC_PROCESS_START,
    METRIC_COUNT
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_row {
    const char *name;
    const char *help;
    enum metric_type type;
    const char *labels[METRICS_LABELS];
    double buckets[METRICS_BUCKETS]; /* upper bounds of a histogram, rising; then 0 */
    bool is_live; /* true of a living process only: not in a textfile, not pushed */
};

extern const struct metric_row metric_table[METRIC_COUNT];

/* "counter" */
const char *metric_type_name(enum metric_type type);
/* How many upper bounds row has. */
size_t metric_bucket_count(const struct metric_row *row);

#endif
