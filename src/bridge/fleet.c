#include "bridge/fleet.h"

#include "base/mem.h"

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
        source->routes[i] = (struct send_route){sink, entry->routes[i].is_required,
                                                entry->routes[i].principles};
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
    *fleet = (struct fleet){0};
}
