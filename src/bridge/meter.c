#include "bridge/meter.h"

#include "base/timestamp.h"
#include "bridge/source.h"
#include "metrics/metrics.h"
#include "store/ledger.h"

static const char *provider_of(const struct source *source)
{
    return source->config->provider->name;
}

/* Counts where there is something: what is 0 was declared when the run began. */
static void count(enum metric metric, const char *first, const char *second,
                  uint64_t amount)
{
    if (amount > 0) {
        metrics_add(metric, (struct metrics_labels){{first, second}}, (double)amount);
    }
}

static const char *word_of(enum source_end end)
{
    static const char *const words[] = {
        [SOURCE_IDLE] = "idle", [SOURCE_DONE] = "done",     [SOURCE_PAUSED] = "paused",
        [SOURCE_HELD] = "held", [SOURCE_FAILED] = "failed",
    };
    return words[end];
}

void meter_follow(struct meter *meter, const struct meter *before)
{
    atomic_store(&meter->head_ms, atomic_load(&before->head_ms));
    atomic_store(&meter->delivered, atomic_load(&before->delivered));
    atomic_store(&meter->outbox_bytes, atomic_load(&before->outbox_bytes));
    meter->end = before->end;
    meter->success_ms = before->success_ms;
    meter->is_dated = before->is_dated;
    meter->skew_ms = before->skew_ms;
}

void meter_turn_ended(struct source *source, const struct runtime *runtime)
{
    struct meter *meter = &source->meter;
    int64_t now_ms = runtime->now_ms(runtime->context);
    bool is_good = source->end == SOURCE_DONE || source->end == SOURCE_PAUSED;
    meter->end = (int)source->end;
    if (is_good && source->error.kind == ERROR_NONE) {
        meter->success_ms = now_ms;
    }
    meter->is_dated = source->clock.is_known;
    meter->skew_ms = now_ms - clock_now(&source->clock, runtime);
    count(METRIC_TURNS, provider_of(source), word_of(source->end), 1);
}

void meter_request(const struct source *source, enum error_kind kind)
{
    count(METRIC_REQUESTS, provider_of(source),
          kind == ERROR_NONE ? "answered" : error_kind_name(kind), 1);
}

void meter_read(const struct source *source, size_t record_count)
{
    count(METRIC_RECORDS_READ, provider_of(source), NULL, record_count);
}

void meter_gap(const struct source *source, const struct store_gap *gap,
               const struct runtime *runtime)
{
    const struct metrics_labels labels = {{provider_of(source)}};
    metrics_add(METRIC_GAPS, labels, 1);
    metrics_add(METRIC_GAP_SECONDS, labels,
                (double)(gap->to_ms - gap->from_ms) / MS_PER_SECOND);
    metrics_set(METRIC_LAST_GAP, labels,
                (double)runtime->now_ms(runtime->context) / MS_PER_SECOND);
}

static void count_outcomes(const struct source *source, const struct batch *batch,
                           const struct send_result *result)
{
    const char *provider = provider_of(source);
    size_t unreadable = 0;
    for (size_t i = 0; i < batch->count; i++) {
        unreadable += batch->events[i].is_own;
    }
    count(METRIC_EVENTS, provider, "delivered",
          batch->count - result->refusal_count - result->unwanted_count);
    count(METRIC_EVENTS, provider, "refused", result->refusal_count);
    count(METRIC_EVENTS, provider, "unwanted", result->unwanted_count);
    count(METRIC_EVENTS, provider, "missed", result->missed_count);
    count(METRIC_EVENTS, provider, "known", batch->known_count);
    count(METRIC_EVENTS, provider, "unreadable", unreadable);
}

static void count_principles(const struct source *source, const struct batch *batch)
{
    uint64_t by_principle[PRINCIPLE_COUNT] = {0};
    uint64_t none = 0;
    for (size_t i = 0; i < batch->count; i++) {
        uint32_t bits = batch->events[i].principles;
        none += bits == 0;
        for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
            by_principle[bit] += bits >> bit & 1;
        }
    }
    for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
        count(METRIC_PRINCIPLE_EVENTS, provider_of(source), principles[bit].ref,
              by_principle[bit]);
    }
    count(METRIC_PRINCIPLE_EVENTS, provider_of(source), "none", none);
}

static void observe_delays(const struct source *source, const struct batch *batch,
                           int64_t now_ms)
{
    struct metrics_tally tally = {0};
    for (size_t i = 0; i < batch->count; i++) {
        double delay = (double)(now_ms - batch->events[i].time_ms) / MS_PER_SECOND;
        metrics_tally_add(METRIC_EVENT_DELAY, &tally, delay > 0 ? delay : 0);
    }
    metrics_observe_tally(METRIC_EVENT_DELAY,
                          (struct metrics_labels){{provider_of(source)}}, &tally);
}

void meter_batch(const struct source *source, const struct batch *batch,
                 const struct send_result *result, int64_t now_ms)
{
    const char *provider = provider_of(source);
    bool is_idle = batch->count == 0 && batch->known_count == 0; /* marks moved alone */
    if (is_idle || !metrics_is_enabled()) {
        return;
    }
    count(METRIC_RECORD_BYTES, provider, NULL, batch->record_bytes);
    count(METRIC_BATCHES, provider, NULL, 1);
    count_outcomes(source, batch, result);
    count_principles(source, batch);
    if (config_slicing(source->config) != NULL) { /* else they have no time */
        observe_delays(source, batch, now_ms);
    }
    for (size_t i = 0; i < result->refusal_count; i++) {
        const struct metrics_labels labels = {{result->refusals[i].sink->name}};
        metrics_add(METRIC_DEAD_LETTERS, labels, 1);
        metrics_set(METRIC_LAST_DEAD_LETTER, labels, (double)now_ms / MS_PER_SECOND);
    }
}

void meter_commit(int64_t ms, size_t letters_expired)
{
    metrics_observe(METRIC_STORE_COMMIT, (struct metrics_labels){{0}},
                    (double)ms / MS_PER_SECOND);
    count(METRIC_DEAD_LETTERS_EXPIRED, NULL, NULL, letters_expired);
}
