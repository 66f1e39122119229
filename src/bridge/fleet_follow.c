/*
 * A fleet takes another's place: what a run has learned outlives its configuration.
 */
#include "base/mem.h"
#include "bridge/denials.h"
#include "bridge/fleet.h"
#include "config/config_same.h"

#include <string.h>

static struct source *find_source(const struct fleet *fleet, const char *name)
{
    const json_t *place = json_object_get(fleet->by_name, name);
    return place == NULL ? NULL : fleet->sources[json_integer_value(place)];
}

static void add_count(atomic_uint_fast64_t *sum, const atomic_uint_fast64_t *more)
{
    atomic_fetch_add(sum, atomic_load(more));
}

/* What a source that left the run had come to stays in its sums. */
static void follow_left(struct fleet *fleet, const struct fleet *before)
{
    fleet->left_count = before->left_count;
    fleet->left =
        mem_new(before->left_count + before->source_count + 1, sizeof(*fleet->left));
    for (size_t i = 0; i < before->left_count; i++) {
        fleet->left[i] = before->left[i];
    }
    for (size_t i = 0; i < before->source_count; i++) {
        const struct source *old = before->sources[i];
        if (find_source(fleet, old->name) != NULL) {
            continue;
        }
        const struct provider *provider = old->config->provider;
        size_t at = 0;
        while (at < fleet->left_count && fleet->left[at].provider != provider) {
            at++;
        }
        fleet->left_count += at == fleet->left_count;
        fleet->left[at].provider = provider;
        source_counts_add(&fleet->left[at].counts, &old->counts);
    }
}

static void follow_sink(struct open_sink *sink, const struct fleet *before)
{
    for (size_t i = 0; i < before->sink_count; i++) {
        const struct sink_counts *counts = &before->sinks[i].counts;
        if (strcmp(before->sinks[i].name, sink->name) == 0) {
            add_count(&sink->counts.delivered, &counts->delivered);
            add_count(&sink->counts.shortened, &counts->shortened);
            add_count(&sink->counts.refused, &counts->refused);
            add_count(&sink->counts.too_old, &counts->too_old);
            add_count(&sink->counts.missed, &counts->missed);
        }
    }
}

/* Whether source need not be looked at before its time came. */
static bool may_rest(const struct fleet *fleet, const struct source *source,
                     const struct fleet *before, const struct source *old)
{
    const struct config_side left = {fleet->plan.config, source->config};
    const struct config_side right = {before->plan.config, old->config};
    return old->end != SOURCE_FAILED && config_same_is_source(&left, &right);
}

static void follow_source(struct fleet *fleet, struct source *source,
                          const struct fleet *before, const struct source *old)
{
    source->counts = old->counts;
    source->clock = old->clock;
    source->end = old->end;
    source->error = old->error;
    source->was_denied = old->was_denied;
    source->allowed_per_second = old->allowed_per_second;
    source->due_ms = may_rest(fleet, source, before, old) ? old->due_ms : 0;
    meter_follow(&source->meter, &old->meter);
}

/* What was found out since this fleet was opened: it is looked for once more. */
static bool has_more(const struct fleet *fleet, const struct fleet *before)
{
    for (size_t i = 0; i < before->source_count; i++) {
        const struct source *old = before->sources[i];
        const struct config_source *entry =
            config_find_source(fleet->plan.config, old->config->name);
        if (!old->is_gone && find_source(fleet, old->name) == NULL && entry != NULL &&
            config_same_is_log(entry, old->config)) {
            return true;
        }
    }
    return false;
}

/* An entry that was not asked anew lacks what it lacked. */
static void follow_lacks(struct fleet *fleet, const struct fleet *before)
{
    const struct config *config = fleet->plan.config;
    for (size_t i = 0; i < before->plan.config->source_count; i++) {
        const struct config_source *old = &before->plan.config->sources[i];
        const struct config_source *entry = config_find_source(config, old->name);
        if (entry != NULL && config_same_is_log(entry, old) && before->lacks[i]) {
            fleet->lacks[entry - config->sources] = true;
        }
    }
}

void fleet_follow(struct fleet *fleet, struct fleet *before)
{
    for (size_t i = 0; i < fleet->sink_count; i++) {
        follow_sink(&fleet->sinks[i], before);
    }
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *old = find_source(before, fleet->sources[i]->name);
        if (old != NULL) {
            follow_source(fleet, fleet->sources[i], before, old);
        }
    }
    follow_lacks(fleet, before);
    follow_left(fleet, before);
    if (before->discover_ms < fleet->discover_ms) {
        fleet->discover_ms = before->discover_ms;
    }
    if (has_more(fleet, before) || before->discover_ms == INT64_MAX) {
        fleet->discover_ms = worker_monotonic_ms(&fleet->worker);
    }

    ratelimit_free(fleet->worker.ratelimit);
    denials_free(fleet->worker.denials);
    fleet->worker.ratelimit = before->worker.ratelimit;
    fleet->worker.denials = before->worker.denials;
    before->worker.ratelimit = NULL;
    before->worker.denials = NULL;
    before->worker.store = NULL;
    fleet->worker.runtime = before->worker.runtime;
    fleet->plan.runtime = before->plan.runtime;
    fleet->plan.before = NULL;
}
