/*
 * Prometheus text format 0.0.4, line by line.
 *
 *   # HELP auditbridge_gaps_total Stretches of the log that can no longer be read.
 *   # TYPE auditbridge_gaps_total counter
 *   auditbridge_gaps_total{provider="aws-cloudtrail"} 2
 *
 * Each is false when out is full.
 */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include "base/buf.h"
#include "metrics/table.h"

/* One line of a metric. */
struct exposition_sample {
    const struct metric_row *row;
    const char *suffix;        /* "", "_bucket", "_sum", "_count" */
    const char *const *labels; /* METRICS_LABELS values; NULL where row has none */
    const double *upper_bound; /* of a bucket, INFINITY for the last; else NULL */
    double value;
};

bool exposition_head(const struct metric_row *row, struct buf *out);
/* Backslash, quote and newline in values are escaped; other control characters become
 * "?". */
bool exposition_line(const struct exposition_sample *sample, struct buf *out);

#endif
