#include "bridge/fleet.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/notices.h"

#include <stdlib.h>

enum { NAME_MAX_SIZE = 128, KEY_MAX_SIZE = 256 };

static const struct record_shape *shape_of(const struct config_source *entry,
                                           const struct provider *const *providers)
{
    const char *wanted = json_string_value(json_object_get(entry->settings, "records"));
    if (entry->provider->shape != NULL || wanted == NULL) {
        return entry->provider->shape;
    }
    for (size_t i = 0; providers[i] != NULL; i++) {
        const struct record_shape *shape = providers[i]->shape;
        if (shape != NULL && strcmp(shape->name, wanted) == 0) {
            return shape;
        }
    }
    return NULL;
}

/* "aws-lookup:{account}:{region}" with the settings filled in. */
static char *quota_key(const struct provider *provider, const json_t *settings)
{
    struct buf key;
    buf_init(&key, KEY_MAX_SIZE);
    const char *at = provider->quota.key == NULL ? provider->name : provider->quota.key;
    while (*at != '\0') {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end == NULL) {
            buf_add_byte(&key, (uint8_t)*at++);
            continue;
        }
        char *name = mem_dup_bytes(at + 1, (size_t)(end - at - 1));
        const char *value = json_string_value(json_object_get(settings, name));
        buf_add_text(&key, value == NULL ? "" : value);
        free(name);
        at = end + 1;
    }
    char *text = mem_dup(buf_text(&key));
    buf_clear(&key);
    return text;
}

static void add_routes(struct fleet *fleet, struct source *source)
{
    const struct config_source *entry = source->config;
    source->routes = mem_new(entry->route_count, sizeof(*source->routes));
    source->route_count = entry->route_count;
    for (size_t i = 0; i < entry->route_count; i++) {
        struct open_sink *sink = &fleet->sinks[entry->routes[i].sink];
        source->routes[i] = (struct send_route){sink, entry->routes[i].is_required};
        source->formats[sink->format] = true;
    }
}

static struct source *add_source(struct fleet *fleet, const struct config_source *entry,
                                 json_t *settings)
{
    const char *suffix = json_string_value(json_object_get(settings, "name"));
    fleet->sources =
        mem_resize(fleet->sources, fleet->source_count + 1, sizeof(*fleet->sources));
    struct source *source = &fleet->sources[fleet->source_count++];
    *source = (struct source){
        .config = entry,
        .name = suffix == NULL || suffix[0] == '\0'
                    ? mem_dup(entry->name)
                    : mem_format("%s-%s", entry->name, suffix),
        .settings = json_incref(settings),
        .quota_key = quota_key(entry->provider, settings),
    };
    add_routes(fleet, source);
    return source;
}

static bool prepare_origin(struct source *source, const struct mapping_set *mappings,
                           struct error *err)
{
    source->origin = (struct event_origin){
        .mapping = mapping_find(mappings, source->shape),
        .source = source->name,
        .provider = source->config->provider->name,
        .account = json_string_value(json_object_get(source->settings, "account")),
    };
    return event_origin_init(&source->origin, source->config->tenant,
                             source->config->redact, err);
}

static bool open_sinks(struct fleet *fleet, const struct config *config,
                       const struct runtime *runtime, struct error *err)
{
    fleet->sinks = mem_new(config->sink_count, sizeof(*fleet->sinks));
    for (size_t i = 0; i < config->sink_count; i++) {
        const struct config_sink *entry = &config->sinks[i];
        fleet->sinks[i] = (struct open_sink){
            .name = entry->name, .type = entry->type, .format = entry->format};
        if (!entry->type->open(entry->settings, entry->format, runtime,
                               &fleet->sinks[i].sink, err)) {
            return error_context(err, "sink %s", entry->name);
        }
        fleet->sink_count++;
    }
    return true;
}

static bool expand(struct fleet *fleet, const struct fleet_plan *plan,
                   const struct config_source *entry, struct error *err)
{
    json_t *expanded = NULL;
    if (!entry->provider->expand(entry->settings, fleet->worker.runtime, &expanded,
                                 err)) {
        return error_context(err, "source %s", entry->name);
    }
    bool ok = true;
    size_t i = 0;
    json_t *settings = NULL;
    json_array_foreach(expanded, i, settings)
    {
        struct source *source = add_source(fleet, entry, settings);
        source->shape = shape_of(entry, plan->providers);
        ok = ok && prepare_origin(source, plan->mappings, err);
    }
    json_decref(expanded);
    return ok || error_context(err, "source %s", entry->name);
}

bool fleet_open(struct fleet *fleet, const struct fleet_plan *plan, struct error *err)
{
    *fleet = (struct fleet){0};
    fleet->worker.runtime = plan->runtime;
    fleet->worker.store_type = &store_sqlite;
    fleet->worker.ratelimit = ratelimit_new();
    if (!open_sinks(fleet, plan->config, plan->runtime, err)) {
        return false;
    }
    for (size_t i = 0; i < plan->config->source_count; i++) {
        if (!expand(fleet, plan, &plan->config->sources[i], err)) {
            return false;
        }
    }
    return fleet->worker.store_type->open(plan->config->state, plan->runtime,
                                          &fleet->worker.store, err);
}

static void close_source(struct source *source)
{
    source->config->provider->close(source->session);
    claim_clear(&source->claim);
    event_origin_clear(&source->origin);
    json_decref(source->settings);
    free(source->quota_key);
    free(source->routes);
    free(source->name);
}

void fleet_close(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->source_count; i++) {
        close_source(&fleet->sources[i]);
    }
    free(fleet->sources);
    for (size_t i = 0; i < fleet->sink_count; i++) {
        fleet->sinks[i].type->close(fleet->sinks[i].sink);
    }
    free(fleet->sinks);
    if (fleet->worker.store != NULL) {
        fleet->worker.store_type->close(fleet->worker.store);
    }
    ratelimit_free(fleet->worker.ratelimit);
    page_reader_clear(&fleet->worker.reader);
    *fleet = (struct fleet){0};
}

/* Of `run --once`: what has had its turn to the end does not get another. */
static bool is_finished(const struct fleet *fleet, const struct source *source)
{
    return fleet->worker.is_once && source->end != SOURCE_IDLE &&
           source->end != SOURCE_PAUSED;
}

static struct source *next_source(struct fleet *fleet)
{
    struct source *next = NULL;
    for (size_t i = 0; i < fleet->source_count; i++) {
        struct source *source = &fleet->sources[i];
        bool is_sooner = next == NULL || source->due_ms < next->due_ms;
        if (is_sooner && !is_finished(fleet, source)) {
            next = source;
        }
    }
    return next;
}

/* Waits until source is due; false when a stop or the deadline comes first. */
static bool wait_until_due(const struct fleet *fleet, const struct source *source)
{
    const struct runtime *runtime = fleet->worker.runtime;
    int64_t now = runtime->monotonic_ms(runtime->context);
    int64_t stop = fleet->worker.stop_ms;
    int64_t wait =
        source->due_ms > now && !fleet->worker.is_once ? source->due_ms - now : 0;
    if (stop != 0 && now + wait >= stop) {
        if (stop > now) {
            runtime->wait(runtime->context, stop - now, NULL);
        }
        return false;
    }
    return runtime->wait(runtime->context, wait, NULL);
}

static bool has_failed(const struct fleet *fleet)
{
    bool failed = false;
    for (size_t i = 0; fleet->sources != NULL && i < fleet->source_count; i++) {
        failed = failed || fleet->sources[i].end == SOURCE_FAILED;
    }
    return failed;
}

/* Tells the platform how the sources stand. */
static bool tell(struct fleet *fleet)
{
    const struct worker *worker = &fleet->worker;
    struct telling_source *sources = mem_new(fleet->source_count, sizeof(*sources));
    struct error err = {0};
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *source = &fleet->sources[i];
        sources[i] = (struct telling_source){
            .source = source,
            .end = source->end,
            .denied = source->is_denied ? source->error.text : NULL,
            .now_ms = clock_now(&source->clock, worker->runtime),
        };
    }
    const struct notices_round round = {worker->store_type, worker->store,
                                        worker->runtime, sources, fleet->source_count};
    bool ok = notices_tell(&round, &err);
    free(sources);
    fleet->told_ms = worker_monotonic_ms(worker);
    if (!ok) {
        log_write_take(
            LOG_ERROR, LOG_NOTICE_FAILED, NULL,
            json_pack("{s:s,s:s}", "kind", error_kind_name(err.kind), "error", err.text));
    }
    return ok || err.kind == ERROR_STOPPED;
}

static void tell_now_and_then(struct fleet *fleet)
{
    if (worker_monotonic_ms(&fleet->worker) - fleet->told_ms >= NOTICES_EVERY_MS) {
        tell(fleet);
    }
}

bool fleet_run(struct fleet *fleet, bool is_once, int64_t max_runtime_ms)
{
    struct worker *worker = &fleet->worker;
    worker->is_once = is_once;
    worker->start_ms = worker->runtime->monotonic_ms(worker->runtime->context);
    worker->stop_ms = max_runtime_ms == 0 ? 0 : worker->start_ms + max_runtime_ms;

    fleet->told_ms = worker->start_ms;

    struct source *source = NULL;
    while ((source = next_source(fleet)) != NULL && wait_until_due(fleet, source)) {
        worker_run(worker, source);
        tell_now_and_then(fleet);
    }
    return tell(fleet) && !has_failed(fleet);
}
