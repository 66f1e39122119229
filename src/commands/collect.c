#include "commands/collect.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "metrics/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { STATES = 5, PROVIDERS_MAX = 32 };

static const char *const outcomes[] = {"delivered", "refused", "unwanted",
                                       "known",     "missed",  "unreadable"};
static const char *const ends[] = {"done", "paused", "held", "failed"};
static const char *const request_outcomes[] = {"answered", "busy", "denied",
                                               "unreachable"};
static const char *const results[] = {"accepted", "duplicate", "refused", "missed"};
static const char *const retry_reasons[] = {"no_answer", "throttled", "server_error"};
static const char *const states[STATES] = {"new", "good", "failed", "held", "gone"};

#define COUNT_OF(words) (sizeof(words) / sizeof((words)[0]))

static void declare(enum metric metric, const char *first, const char *second,
                    const char *third)
{
    metrics_add(metric, (struct metrics_labels){{first, second, third}}, 0);
}

static void declare_each(enum metric metric, const char *first, const char *const *words,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        declare(metric, first, words[i], NULL);
    }
}

static void declare_provider(const char *provider)
{
    static const enum metric plain[] = {METRIC_GAPS, METRIC_GAP_SECONDS,
                                        METRIC_RECORDS_READ, METRIC_RECORD_BYTES,
                                        METRIC_BATCHES};
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        declare(plain[i], provider, NULL, NULL);
    }
    declare_each(METRIC_EVENTS, provider, outcomes, COUNT_OF(outcomes));
    declare_each(METRIC_TURNS, provider, ends, COUNT_OF(ends));
    declare_each(METRIC_REQUESTS, provider, request_outcomes, COUNT_OF(request_outcomes));
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        declare(METRIC_PRINCIPLE_EVENTS, provider, principles[i].ref, NULL);
    }
    declare(METRIC_PRINCIPLE_EVENTS, provider, "none", NULL);
}

static void declare_route(const char *provider, const char *sink)
{
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        declare(METRIC_SINK_EVENTS, provider, sink, results[i]);
    }
    declare(METRIC_SINK_RETRIED, provider, sink, NULL);
}

/* Counters of what is configured begin at 0, so that their first increase is seen. */
static void declare_all(const struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];
        declare_provider(source->provider->name);
        for (size_t j = 0; j < source->route_count; j++) {
            declare_route(source->provider->name,
                          config->sinks[source->routes[j].sink].name);
        }
    }
    for (size_t i = 0; i < config->sink_count; i++) {
        declare_route("auditbridge", config->sinks[i].name);
        declare(METRIC_SINK_BYTES, config->sinks[i].name, NULL, NULL);
        declare(METRIC_DEAD_LETTERS, config->sinks[i].name, NULL, NULL);
    }
    for (size_t i = 0; i < COUNT_OF(retry_reasons); i++) {
        declare(METRIC_REQUEST_RETRIES, retry_reasons[i], NULL, NULL);
    }
    declare(METRIC_DEAD_LETTERS_EXPIRED, NULL, NULL, NULL);
    declare(METRIC_OUTBOX_BYTES, NULL, NULL, NULL);
}

/* All sources of one provider. */
struct figures {
    const struct provider *provider;
    size_t states[STATES];
    bool has_retention;
    double left_s; /* until its cloud forgets: the least */
    double used;   /* of the time that its cloud keeps the log: the most */
    bool is_dated;
    double skew_s; /* the furthest from 0 */
};

/* A source that is read by time. */
struct lagging {
    const struct source *source;
    double lag_s;
};

/* One look at the fleet. */
struct look {
    struct figures figures[PROVIDERS_MAX];
    size_t provider_count;
    struct lagging *lagging;
    size_t lagging_count;
    bool has_failed;
    int64_t success_ms;
    int64_t outbox_bytes;
};

static struct figures *figures_of(struct look *look, const struct provider *provider)
{
    size_t i = 0;
    while (i < look->provider_count && look->figures[i].provider != provider) {
        i++;
    }
    if (i == look->provider_count && i < PROVIDERS_MAX - 1) {
        look->figures[look->provider_count++].provider = provider;
    }
    return &look->figures[i];
}

static size_t state_of(const struct source *source)
{
    static const size_t by_end[] = {[SOURCE_IDLE] = 0,
                                    [SOURCE_DONE] = 1,
                                    [SOURCE_PAUSED] = 1,
                                    [SOURCE_FAILED] = 2,
                                    [SOURCE_HELD] = 3};
    return source->is_gone ? STATES - 1 : by_end[source->meter.end];
}

static void note_skew(struct figures *figures, const struct meter *meter)
{
    double skew_s = (double)meter->skew_ms / MS_PER_SECOND;
    double size = skew_s < 0 ? -skew_s : skew_s;
    double most = figures->skew_s < 0 ? -figures->skew_s : figures->skew_s;
    if (meter->is_dated && (!figures->is_dated || size > most)) {
        figures->is_dated = true;
        figures->skew_s = skew_s;
    }
}

static void note_lag(struct look *look, struct figures *figures,
                     const struct source *source, int64_t now_ms)
{
    const struct slicing *slicing = config_slicing(source->config);
    int64_t head_ms = source->meter.head_ms;
    if (slicing == NULL || head_ms == 0) {
        return;
    }
    double lag_s = (double)(now_ms - source->meter.skew_ms - head_ms) / MS_PER_SECOND;
    look->lagging[look->lagging_count++] = (struct lagging){source, lag_s};
    if (slicing->retention_ms <= 0) {
        return;
    }
    double keeps_s = (double)slicing->retention_ms / MS_PER_SECOND;
    if (!figures->has_retention || keeps_s - lag_s < figures->left_s) {
        figures->left_s = keeps_s - lag_s;
    }
    figures->used = lag_s / keeps_s > figures->used ? lag_s / keeps_s : figures->used;
    figures->has_retention = true;
}

static void note_source(struct collect *collect, struct look *look,
                        const struct source *source, int64_t now_ms)
{
    const struct meter *meter = &source->meter;
    struct figures *figures = figures_of(look, source->config->provider);
    int64_t began_ms = meter->began_ms;
    figures->states[state_of(source)]++;
    look->outbox_bytes += meter->outbox_bytes;
    if (began_ms != 0 && (collect->turn_ms == 0 || began_ms < collect->turn_ms)) {
        collect->turn_ms = began_ms;
    }
    if (source->is_gone) {
        return;
    }
    look->has_failed = look->has_failed || meter->end == SOURCE_FAILED;
    if (meter->success_ms > look->success_ms) {
        look->success_ms = meter->success_ms;
    }
    note_skew(figures, meter);
    note_lag(look, figures, source, now_ms);
}

/* The most lag first. */
static int compare_lags(const void *left, const void *right)
{
    const struct lagging *a = left;
    const struct lagging *b = right;
    return (a->lag_s < b->lag_s) - (a->lag_s > b->lag_s);
}

static void show_sources(const struct collect *collect, struct look *look)
{
    size_t count = look->lagging_count;
    if (count > collect->max_sources) {
        qsort(look->lagging, count, sizeof(*look->lagging), compare_lags);
        count = collect->max_sources;
    }
    struct metrics_sample *lags = mem_new(count, sizeof(*lags));
    struct metrics_sample *successes = mem_new(count, sizeof(*successes));
    size_t success_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct source *source = look->lagging[i].source;
        const struct metrics_labels labels = {
            {source->config->provider->name, source->name}};
        lags[i] = (struct metrics_sample){labels, look->lagging[i].lag_s};
        if (source->meter.success_ms != 0) {
            successes[success_count++] = (struct metrics_sample){
                labels, (double)source->meter.success_ms / MS_PER_SECOND};
        }
    }
    metrics_replace(METRIC_SOURCE_LAG, lags, count);
    metrics_replace(METRIC_SOURCE_LAST_SUCCESS, successes, success_count);
    metrics_set(METRIC_SOURCES_LEFT_OUT, (struct metrics_labels){{0}},
                (double)(look->lagging_count - count));
    free(lags);
    free(successes);
}

static void show_provider(const struct figures *figures)
{
    const char *name = figures->provider->name;
    for (size_t i = 0; i < STATES; i++) {
        metrics_set(METRIC_SOURCES, (struct metrics_labels){{name, states[i]}},
                    (double)figures->states[i]);
    }
    const struct metrics_labels labels = {{name}};
    if (figures->has_retention) {
        metrics_set(METRIC_RETENTION_LEFT, labels, figures->left_s);
        metrics_set(METRIC_RETENTION_USED, labels, figures->used);
    }
    if (figures->is_dated) {
        metrics_set(METRIC_CLOCK_SKEW, labels, figures->skew_s);
    }
}

static const char *reason_of(enum error_kind kind)
{
    switch (kind) {
    case ERROR_BUSY:
    case ERROR_UNREACHABLE:
    case ERROR_DENIED:
    case ERROR_CONFIG:
        return error_kind_name(kind);
    default:
        return kind == ERROR_NONE ? "" : "other";
    }
}

/* What is said anew of each fleet: nothing of a sink or provider that is gone stays. */
static const enum metric of_fleet[] = {METRIC_SOURCES, METRIC_RETENTION_LEFT,
                                       METRIC_RETENTION_USED, METRIC_CLOCK_SKEW,
                                       METRIC_SINK_HELD};

void collect_begin(const struct collect *collect)
{
    for (size_t i = 0; i < COUNT_OF(of_fleet); i++) {
        metrics_replace(of_fleet[i], NULL, 0);
    }
    declare_all(collect->fleet->plan.config);
}

static void show_sink(const struct open_sink *sink)
{
    static const char *const reasons[] = {"busy", "unreachable", "denied", "config",
                                          "other"};
    struct metrics_sample samples[COUNT_OF(reasons)];
    const char *held = reason_of((enum error_kind)atomic_load(&sink->held));
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        samples[i] = (struct metrics_sample){{{sink->name, reasons[i]}},
                                             strcmp(reasons[i], held) == 0};
    }
    metrics_set_all(METRIC_SINK_HELD, samples, COUNT_OF(reasons));
}

void collect_now(struct collect *collect)
{
    const struct fleet *fleet = collect->fleet;
    const struct runtime *runtime = fleet->plan.runtime;
    int64_t now_ms = runtime->now_ms(runtime->context);
    struct look look = {.lagging = mem_new(fleet->source_count, sizeof(*look.lagging))};
    collect->turn_ms = 0;
    for (size_t i = 0; i < fleet->source_count; i++) {
        note_source(collect, &look, fleet->sources[i], now_ms);
    }
    if (!look.has_failed && look.success_ms > collect->success_ms) {
        collect->success_ms = look.success_ms;
    }

    show_sources(collect, &look);
    for (size_t i = 0; i < look.provider_count; i++) {
        show_provider(&look.figures[i]);
    }
    for (size_t i = 0; i < fleet->sink_count; i++) {
        show_sink(&fleet->sinks[i]);
    }
    metrics_set(METRIC_OUTBOX_BYTES, (struct metrics_labels){{0}},
                (double)look.outbox_bytes);
    free(look.lagging);
}
