#include "sinks/send.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 30 * 1000 };

void send_result_clear(struct send_result *result)
{
    free(result->refusals);
    *result = (struct send_result){0};
}

static size_t count_undecided(const struct outcome *outcomes, size_t count)
{
    size_t undecided = 0;
    for (size_t i = 0; i < count; i++) {
        undecided += outcomes[i].kind == OUTCOME_RETRY;
    }
    return undecided;
}

static bool is_repeatable(const struct error *err)
{
    return err->kind == ERROR_BUSY || err->kind == ERROR_UNREACHABLE;
}

/* Full jitter: anywhere up to the ceiling, which doubles at each try. */
static int64_t wait_ms(const struct runtime *runtime, int try, const struct error *err)
{
    int64_t ceiling = FIRST_WAIT_MS;
    for (int i = 0; i < try && ceiling < LONGEST_WAIT_MS; i++) {
        ceiling *= 2;
    }
    uint32_t dice = 0;
    runtime->random(runtime->context, (uint8_t *)&dice, sizeof(dice));
    int64_t wait = 1 + (int64_t)(dice % (uint64_t)ceiling);
    return wait < err->retry_after_ms ? err->retry_after_ms : wait;
}

/* The batch stays undecided, and its source where it was. A stop is no sink's fault. */
static void tell_held(const struct send_route *route, const struct batch *batch,
                      const struct error *cause)
{
    if (cause->kind == ERROR_STOPPED) {
        return;
    }
    log_write_take(LOG_ERROR, LOG_SINK_HELD, batch->source,
                   json_pack("{s:s,s:s,s:I}", "sink", route->sink->name, "cause",
                             cause->text, "events", (json_int_t)batch->count));
}

/* When the sender gives up: its own patience, or sooner where the batch says so. */
static int64_t deadline_of(const struct batch *batch, const struct runtime *runtime,
                           int64_t patience_ms)
{
    int64_t deadline_ms = runtime->monotonic_ms(runtime->context) + patience_ms;
    bool is_sooner = batch->deadline_ms != 0 && batch->deadline_ms < deadline_ms;
    return is_sooner ? batch->deadline_ms : deadline_ms;
}

static const char *provider_of(const struct batch *batch)
{
    return batch->provider == NULL ? "auditbridge" : batch->provider;
}

/* One try; how long it took, and whether the sink takes anything, is kept for metrics. */
static bool try_sink(const struct send_route *route, const struct runtime *runtime,
                     const struct batch *batch, struct outcome *outcomes,
                     struct error *cause)
{
    struct open_sink *sink = route->sink;
    int64_t began_ms = runtime->monotonic_ms(runtime->context);
    bool sent = sink->type->send(sink->sink, runtime, batch, outcomes, cause);
    int64_t took_ms = runtime->monotonic_ms(runtime->context) - began_ms;
    metrics_observe(METRIC_SINK_DURATION, (struct metrics_labels){{sink->name}},
                    (double)took_ms / MS_PER_SECOND);
    if (sent || cause->kind != ERROR_STOPPED) {
        atomic_store(&sink->held, sent ? ERROR_NONE : (int)cause->kind);
    }
    size_t undecided = count_undecided(outcomes, batch->count);
    if (undecided > 0) {
        metrics_add(METRIC_SINK_RETRIED,
                    (struct metrics_labels){{provider_of(batch), sink->name}},
                    (double)undecided);
    }
    return sent;
}

/* Repeats until every event is decided, the sink is held, or patience is at its end. */
static bool send_required(const struct send_route *route, const struct runtime *runtime,
                          const struct batch *batch, struct outcome *outcomes,
                          struct error *err)
{
    struct batch timed = *batch; /* borrows all that batch holds */
    timed.deadline_ms = deadline_of(batch, runtime, SEND_DEADLINE_MS);
    for (int try = 0;; try++) {
        struct error cause = {0};
        bool sent = try_sink(route, runtime, &timed, outcomes, &cause);
        size_t undecided = count_undecided(outcomes, batch->count);
        if (sent && undecided == 0) {
            atomic_store(&route->sink->is_given_up, false);
            return true;
        }
        if (sent) {
            error_set(&cause, ERROR_BUSY, "%zu events are undecided", undecided);
        }
        int64_t wait = wait_ms(runtime, try, &cause);
        bool is_late = runtime->monotonic_ms(runtime->context) + wait > timed.deadline_ms;
        if (is_late && timed.deadline_ms != batch->deadline_ms) {
            atomic_store(&route->sink->is_given_up, true);
        }
        if (!is_repeatable(&cause) || is_late || atomic_load(&route->sink->is_given_up)) {
            tell_held(route, batch, &cause);
            *err = cause;
            return error_context(err, "sink %s", route->sink->name);
        }
        log_write_take(LOG_WARN, LOG_SINK_RETRIED, batch->source,
                       json_pack("{s:s,s:s,s:I}", "sink", route->sink->name, "cause",
                                 cause.text, "wait_ms", (json_int_t)wait));
        if (!runtime->wait(runtime->context, wait, err)) {
            return false;
        }
    }
}

static bool is_too_old(const struct open_sink *sink, const struct batch_event *event,
                       int64_t now_ms)
{
    return sink->max_age_ms != 0 && event->time_ms != 0 && !event->is_own &&
           now_ms - event->time_ms > sink->max_age_ms;
}

static void count(struct sink_counts *counts, const struct outcome *outcome)
{
    bool is_delivered =
        outcome->kind == OUTCOME_ACCEPTED || outcome->kind == OUTCOME_DUPLICATE;
    atomic_fetch_add(&counts->delivered, is_delivered);
    atomic_fetch_add(&counts->shortened, is_delivered && outcome->is_shortened);
    atomic_fetch_add(&counts->refused, outcome->kind == OUTCOME_REFUSED);
}

/* What became of the batch at the sink, for metrics. */
static void meter(const struct send_route *route, const struct batch *batch,
                  const struct outcome *outcomes)
{
    static const char *const results[] = {
        [OUTCOME_RETRY] = "missed",
        [OUTCOME_ACCEPTED] = "accepted",
        [OUTCOME_DUPLICATE] = "duplicate",
        [OUTCOME_REFUSED] = "refused",
    };
    const char *sink = route->sink->name;
    size_t counts[OUTCOME_UNWANTED + 1] = {0};
    size_t bytes = 0;
    if (!metrics_is_enabled()) {
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        enum outcome_kind kind = outcomes[i].kind;
        bool is_taken = kind == OUTCOME_ACCEPTED || kind == OUTCOME_DUPLICATE;
        counts[kind]++;
        bytes += is_taken ? batch->events[i].text[route->sink->format].size : 0;
    }
    for (size_t i = 0; i < OUTCOME_UNWANTED; i++) {
        if (counts[i] > 0) {
            metrics_add(METRIC_SINK_EVENTS,
                        (struct metrics_labels){{provider_of(batch), sink, results[i]}},
                        (double)counts[i]);
        }
    }
    metrics_add(METRIC_SINK_BYTES, (struct metrics_labels){{sink}}, (double)bytes);
}

static void note_decided(const struct send_route *route, const struct batch *batch,
                         const struct outcome *outcomes, int64_t now_ms,
                         struct send_result *result)
{
    struct sink_counts *counts = &route->sink->counts;
    for (size_t i = 0; i < batch->count; i++) {
        count(counts, &outcomes[i]);
        atomic_fetch_add(&counts->too_old,
                         outcomes[i].kind != OUTCOME_UNWANTED &&
                             is_too_old(route->sink, &batch->events[i], now_ms));
        result->duplicate_count += outcomes[i].kind == OUTCOME_DUPLICATE;
        if (outcomes[i].kind != OUTCOME_REFUSED) {
            continue;
        }
        result->refusals = mem_resize(result->refusals, result->refusal_count + 1,
                                      sizeof(*result->refusals));
        struct refusal *refusal = &result->refusals[result->refusal_count++];
        *refusal = (struct refusal){.event = i, .sink = route->sink};
        memcpy(refusal->reason, outcomes[i].reason, sizeof(refusal->reason));
    }
}

/* Tries once; what is undecided then was missed. */
static void send_optional(const struct send_route *route, const struct runtime *runtime,
                          const struct batch *batch, struct outcome *outcomes,
                          struct send_result *result)
{
    struct batch timed = *batch; /* borrows all that batch holds */
    timed.deadline_ms = deadline_of(batch, runtime, SEND_OPTIONAL_MS);
    struct error cause = {0};
    try_sink(route, runtime, &timed, outcomes, &cause);
    size_t missed = count_undecided(outcomes, batch->count);
    result->missed_count += missed;
    atomic_fetch_add(&route->sink->counts.missed, missed);
    if (missed > 0) {
        log_write_take(LOG_WARN, LOG_SINK_REFUSED, batch->source,
                       json_pack("{s:s,s:I,s:s}", "sink", route->sink->name, "missed",
                                 (json_int_t)missed, "cause", cause.text));
    }
}

static bool is_wanted(const struct send_route *route, const struct batch_event *event)
{
    return route->principles == 0 || event->is_own ||
           (route->principles & event->principles) != 0;
}

/* Everything is undecided but what the route does not want and what is too old for its
 * sink. False: nothing is left. */
static bool prepare(const struct send_route *route, const struct batch *batch,
                    int64_t now_ms, struct outcome *outcomes)
{
    size_t left = 0;
    memset(outcomes, 0, batch->count * sizeof(*outcomes));
    for (size_t i = 0; i < batch->count; i++) {
        if (!is_wanted(route, &batch->events[i])) {
            outcomes[i].kind = OUTCOME_UNWANTED;
        } else if (!route->sink->sends_old &&
                   is_too_old(route->sink, &batch->events[i], now_ms)) {
            outcomes[i].kind = OUTCOME_REFUSED;
            snprintf(outcomes[i].reason, sizeof(outcomes[i].reason),
                     "older than max_event_age");
        }
        left += outcomes[i].kind == OUTCOME_RETRY;
    }
    return left > 0;
}

static size_t count_unwanted(const struct send_routes *routes, const struct batch *batch)
{
    size_t unwanted = 0;
    for (size_t i = 0; i < batch->count; i++) {
        size_t route = 0;
        while (route < routes->count &&
               !is_wanted(&routes->items[route], &batch->events[i])) {
            route++;
        }
        unwanted += route == routes->count;
    }
    return unwanted;
}

bool send_batch(const struct send_routes *routes, const struct runtime *runtime,
                const struct batch *batch, struct send_result *result, struct error *err)
{
    bool ok = true;
    struct outcome *outcomes = mem_new(batch->count, sizeof(*outcomes));

    int64_t now_ms = runtime->now_ms(runtime->context);
    result->unwanted_count = count_unwanted(routes, batch);
    for (size_t i = 0; ok && i < routes->count; i++) {
        const struct send_route *route = &routes->items[i];
        bool has_left = prepare(route, batch, now_ms, outcomes);
        if (has_left && route->is_required) {
            ok = send_required(route, runtime, batch, outcomes, err);
        } else if (has_left) {
            send_optional(route, runtime, batch, outcomes, result);
        }
        if (ok) {
            meter(route, batch, outcomes);
            note_decided(route, batch, outcomes, now_ms, result);
        }
    }
    free(outcomes);
    return ok;
}
