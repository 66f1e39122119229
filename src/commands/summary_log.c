/*
 * What a run did, for the log.
 */
#include "base/log.h"
#include "base/mem.h"
#include "commands/summary.h"

#include <stdlib.h>

/* All sources of one provider, or of all. */
struct sum {
    const struct provider *provider;
    size_t sources;
    size_t failed;
    struct source_counts counts;
    int64_t lag_ms; /* of the source that is furthest behind; -1: of none is it known */
};

static void set_number(json_t *members, const char *name, uint64_t number)
{
    json_object_set_new(members, name, json_integer((json_int_t)number));
}

static void set_counts(json_t *members, const struct source_counts *counts)
{
    set_number(members, "requests", counts->requests);
    set_number(members, "read", counts->read);
    set_number(members, "known", counts->known);
    set_number(members, "mapped", counts->mapped);
    set_number(members, "delivered", counts->delivered);
    set_number(members, "duplicates", counts->duplicates);
    set_number(members, "late", counts->late);
    set_number(members, "refused", counts->refused);
    set_number(members, "missed", counts->missed);
    set_number(members, "unwanted", counts->unwanted);
    set_number(members, "unreadable", counts->unreadable);
}

/* How far source is behind; -1: its log is not read by time, or nothing was read yet. */
static int64_t lag_of(const struct fleet *fleet, const struct source *source)
{
    int64_t head_ms = atomic_load(&source->meter.head_ms);
    return head_ms == 0 || source->is_gone
               ? -1
               : clock_now(&source->clock, fleet->worker.runtime) - head_ms;
}

static void log_source(const struct fleet *fleet, const struct source *source)
{
    json_t *members = json_pack("{s:s}", "end", summary_end(source->end));
    int64_t lag_ms = lag_of(fleet, source);
    set_counts(members, &source->counts);
    if (lag_ms >= 0) {
        json_object_set_new(members, "lag_ms", json_integer(lag_ms));
    }
    log_write_take(LOG_INFO, LOG_SOURCE_DONE, source->name, members);
}

static void log_sink(struct open_sink *sink)
{
    struct sink_counts *counts = &sink->counts;
    log_write_take(LOG_INFO, LOG_SINK_DONE, NULL,
                   json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "sink", sink->name, "delivered",
                             (json_int_t)atomic_load(&counts->delivered), "shortened",
                             (json_int_t)atomic_load(&counts->shortened), "refused",
                             (json_int_t)atomic_load(&counts->refused), "too_old",
                             (json_int_t)atomic_load(&counts->too_old), "missed",
                             (json_int_t)atomic_load(&counts->missed)));
}

static struct sum *sum_of(struct sum *sums, size_t *count,
                          const struct provider *provider)
{
    size_t at = 0;
    while (at < *count && sums[at].provider != provider) {
        at++;
    }
    if (at == *count) {
        sums[(*count)++] = (struct sum){.provider = provider, .lag_ms = -1};
    }
    return &sums[at];
}

static void add_source(struct sum *sum, const struct fleet *fleet,
                       const struct source *source)
{
    int64_t lag_ms = lag_of(fleet, source);
    sum->sources++;
    sum->failed += !source->is_gone && source->end == SOURCE_FAILED;
    sum->lag_ms = lag_ms > sum->lag_ms ? lag_ms : sum->lag_ms;
    source_counts_add(&sum->counts, &source->counts);
}

static json_t *members_of(const struct sum *sum)
{
    json_t *members = json_object();
    json_t *principles_of = json_object();
    set_number(members, "sources", sum->sources);
    set_number(members, "failed", sum->failed);
    set_counts(members, &sum->counts);
    if (sum->lag_ms >= 0) {
        json_object_set_new(members, "lag_ms", json_integer(sum->lag_ms));
    }
    for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
        if (sum->counts.by_principle[bit] > 0) {
            set_number(principles_of, principles[bit].ref, sum->counts.by_principle[bit]);
        }
    }
    json_object_set_new(members, "principles", principles_of);
    return members;
}

static void log_run(const struct summary *summary)
{
    const struct fleet *fleet = summary->fleet;
    struct sum *sums =
        mem_new(fleet->source_count + fleet->left_count + 1, sizeof(*sums));
    struct sum all = {.lag_ms = -1};
    size_t count = 0;
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *source = fleet->sources[i];
        add_source(sum_of(sums, &count, source->config->provider), fleet, source);
        add_source(&all, fleet, source);
    }
    for (size_t i = 0; i < fleet->left_count; i++) {
        const struct fleet_left *left = &fleet->left[i];
        source_counts_add(&sum_of(sums, &count, left->provider)->counts, &left->counts);
        source_counts_add(&all.counts, &left->counts);
    }
    json_t *members = members_of(&all);
    json_t *providers = json_object();
    for (size_t i = 0; i < count; i++) {
        json_object_set_new(providers, sums[i].provider->name, members_of(&sums[i]));
    }
    json_object_set_new(members, "providers", providers);
    json_object_set_new(members, "took_ms", json_integer(summary->took_ms));
    json_object_set_new(members, "status", json_integer(summary->status));
    log_write_take(LOG_INFO, LOG_RUN_DONE, NULL, members);
    free(sums);
}

void summary_log(const struct summary *summary)
{
    const struct fleet *fleet = summary->fleet;
    for (size_t i = 0; i < fleet->source_count; i++) {
        log_source(fleet, fleet->sources[i]);
    }
    for (size_t i = 0; i < fleet->sink_count; i++) {
        log_sink(&fleet->sinks[i]);
    }
    log_run(summary);
}

void summary_log_left(const struct fleet *before, const struct fleet *next)
{
    for (size_t i = 0; i < before->source_count; i++) {
        const struct source *source = before->sources[i];
        if (json_object_get(next->by_name, source->name) == NULL) {
            log_source(next, source);
        }
    }
}
