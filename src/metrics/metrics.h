/*
 * What a run counts and measures, for Prometheus: one process-wide registry, because
 * what is counted happens everywhere. Nothing is kept until metrics_enable was called.
 *
 * Safe from any thread, behind one mutex: the hot path counts once a batch or request,
 * never once an event. Labels are few and bounded: names of the configuration and words
 * of this program. Texts from clouds are never labels.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/buf.h"
#include "metrics/table.h"

#include <stdint.h>

/* In the order of the metric's row in the table; what it has none of is NULL. */
struct metrics_labels {
    const char *values[METRICS_LABELS];
};

void metrics_enable(void);

/* To a counter, or to a gauge. */
void metrics_add(enum metric metric, struct metrics_labels labels, double amount);
void metrics_set(enum metric metric, struct metrics_labels labels, double value);
/* To a histogram. */
void metrics_observe(enum metric metric, struct metrics_labels labels, double value);

/* Many values of a histogram, gathered without the mutex. Zeroed at first. */
struct metrics_tally {
    double sum;
    uint64_t count;
    uint64_t buckets[METRICS_BUCKETS]; /* each without the ones below it */
};

void metrics_tally_add(enum metric metric, struct metrics_tally *tally, double value);
void metrics_observe_tally(enum metric metric, struct metrics_labels labels,
                           const struct metrics_tally *tally);

/* A value of a counter or gauge, with its labels. */
struct metrics_sample {
    struct metrics_labels labels;
    double value;
};

/* Sets several at once: nobody sees one without the others. */
void metrics_set_all(enum metric metric, const struct metrics_sample *samples,
                     size_t count);
/* The same, in place of all that metric had. No two samples have the same labels. */
void metrics_replace(enum metric metric, const struct metrics_sample *samples,
                     size_t count);
/* Removes what metric has with these labels. */
void metrics_forget(enum metric metric, struct metrics_labels labels);

/*
 * Appends everything in the text format 0.0.4. is_live: with what is only true while the
 * process lives, such as its memory. False when out is full.
 */
bool metrics_write(bool is_live, struct buf *out);
/* Forgets everything, and is no longer enabled. */
void metrics_clear(void);

#endif
