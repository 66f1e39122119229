#include "metrics/metrics.h"

#include "base/mem.h"
#include "metrics/exposition.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* One combination of label values. */
struct series {
    char *labels[METRICS_LABELS];
    double value;               /* of a counter or gauge */
    struct metrics_tally tally; /* of a histogram */
};

struct family {
    struct series *items;
    size_t count;
    size_t capacity;
};

static atomic_bool is_enabled;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct family families[METRIC_COUNT];

void metrics_enable(void)
{
    atomic_store(&is_enabled, true);
}

static const char *text_of(const char *label)
{
    return label == NULL ? "" : label;
}

static bool is_same(const struct series *series, const struct metrics_labels *labels)
{
    bool same = true;
    for (size_t i = 0; same && i < METRICS_LABELS; i++) {
        same = strcmp(series->labels[i], text_of(labels->values[i])) == 0;
    }
    return same;
}

static struct series *find(const struct family *family,
                           const struct metrics_labels *labels)
{
    struct series *series = family->items;
    struct series *end = series + family->count;
    while (series < end && !is_same(series, labels)) {
        series++;
    }
    return series < end ? series : NULL;
}

static struct series *append(struct family *family, const struct metrics_labels *labels)
{
    if (family->count == family->capacity) {
        family->capacity = 2 * family->capacity + 1;
        family->items =
            mem_resize(family->items, family->capacity, sizeof(*family->items));
    }
    struct series *added = &family->items[family->count++];
    *added = (struct series){0};
    for (size_t i = 0; i < METRICS_LABELS; i++) {
        added->labels[i] = mem_dup(text_of(labels->values[i]));
    }
    return added;
}

static struct series *find_or_add(enum metric metric, const struct metrics_labels *labels)
{
    struct family *family = &families[metric];
    struct series *found = family->count == 0 ? NULL : find(family, labels);
    return found == NULL ? append(family, labels) : found;
}

void metrics_add(enum metric metric, struct metrics_labels labels, double amount)
{
    if (atomic_load(&is_enabled)) {
        pthread_mutex_lock(&mutex);
        find_or_add(metric, &labels)->value += amount;
        pthread_mutex_unlock(&mutex);
    }
}

void metrics_set(enum metric metric, struct metrics_labels labels, double value)
{
    if (atomic_load(&is_enabled)) {
        pthread_mutex_lock(&mutex);
        find_or_add(metric, &labels)->value = value;
        pthread_mutex_unlock(&mutex);
    }
}

void metrics_tally_add(enum metric metric, struct metrics_tally *tally, double value)
{
    const struct metric_row *row = &metric_table[metric];
    size_t bounds = metric_bucket_count(row);
    size_t bucket = 0;
    while (bucket < bounds && value > row->buckets[bucket]) {
        bucket++;
    }
    if (bucket < bounds) {
        tally->buckets[bucket]++;
    }
    tally->sum += value;
    tally->count++;
}

void metrics_observe_tally(enum metric metric, struct metrics_labels labels,
                           const struct metrics_tally *tally)
{
    if (!atomic_load(&is_enabled)) {
        return;
    }
    pthread_mutex_lock(&mutex);
    struct metrics_tally *kept = &find_or_add(metric, &labels)->tally;
    kept->sum += tally->sum;
    kept->count += tally->count;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        kept->buckets[i] += tally->buckets[i];
    }
    pthread_mutex_unlock(&mutex);
}

void metrics_observe(enum metric metric, struct metrics_labels labels, double value)
{
    struct metrics_tally tally = {0};
    metrics_tally_add(metric, &tally, value);
    metrics_observe_tally(metric, labels, &tally);
}

static void clear_series(struct series *series)
{
    for (size_t i = 0; i < METRICS_LABELS; i++) {
        free(series->labels[i]);
    }
}

static void clear_family(struct family *family)
{
    for (size_t i = 0; i < family->count; i++) {
        clear_series(&family->items[i]);
    }
    family->count = 0;
}

void metrics_set_all(enum metric metric, const struct metrics_sample *samples,
                     size_t count)
{
    if (!atomic_load(&is_enabled)) {
        return;
    }
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < count; i++) {
        find_or_add(metric, &samples[i].labels)->value = samples[i].value;
    }
    pthread_mutex_unlock(&mutex);
}

void metrics_replace(enum metric metric, const struct metrics_sample *samples,
                     size_t count)
{
    if (!atomic_load(&is_enabled)) {
        return;
    }
    pthread_mutex_lock(&mutex);
    clear_family(&families[metric]);
    for (size_t i = 0; i < count; i++) {
        append(&families[metric], &samples[i].labels)->value = samples[i].value;
    }
    pthread_mutex_unlock(&mutex);
}

void metrics_forget(enum metric metric, struct metrics_labels labels)
{
    pthread_mutex_lock(&mutex);
    struct family *family = &families[metric];
    struct series *found = family->count == 0 ? NULL : find(family, &labels);
    if (found != NULL) {
        clear_series(found);
        *found = family->items[--family->count];
    }
    pthread_mutex_unlock(&mutex);
}

static bool write_histogram(const struct metric_row *row, const struct series *series,
                            struct buf *out)
{
    struct exposition_sample sample = {
        .row = row, .suffix = "_bucket", .labels = (const char *const *)series->labels};
    const struct metrics_tally *tally = &series->tally;
    size_t bounds = metric_bucket_count(row);
    uint64_t below = 0;
    bool ok = true;
    for (size_t i = 0; ok && i <= bounds; i++) {
        double bound = i < bounds ? row->buckets[i] : INFINITY;
        below = i < bounds ? below + tally->buckets[i] : tally->count;
        sample.upper_bound = &bound;
        sample.value = (double)below;
        ok = exposition_line(&sample, out);
    }
    sample.upper_bound = NULL;
    sample.suffix = "_sum";
    sample.value = tally->sum;
    ok = ok && exposition_line(&sample, out);
    sample.suffix = "_count";
    sample.value = (double)tally->count;
    return ok && exposition_line(&sample, out);
}

static bool write_family(enum metric metric, struct buf *out)
{
    const struct metric_row *row = &metric_table[metric];
    const struct family *family = &families[metric];
    bool ok = family->count == 0 || exposition_head(row, out);
    for (size_t i = 0; ok && i < family->count; i++) {
        const struct series *series = &family->items[i];
        const struct exposition_sample plain = {
            .row = row,
            .suffix = "",
            .labels = (const char *const *)series->labels,
            .value = series->value,
        };
        ok = row->type == METRIC_HISTOGRAM ? write_histogram(row, series, out)
                                           : exposition_line(&plain, out);
    }
    return ok;
}

bool metrics_write(bool is_live, struct buf *out)
{
    bool ok = true;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; ok && i < METRIC_COUNT; i++) {
        ok = (metric_table[i].is_live && !is_live) || write_family((enum metric)i, out);
    }
    pthread_mutex_unlock(&mutex);
    return ok;
}

void metrics_clear(void)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        clear_family(&families[i]);
        free(families[i].items);
        families[i] = (struct family){0};
    }
    pthread_mutex_unlock(&mutex);
    atomic_store(&is_enabled, false);
}
