#include "bridge/fleet.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/denials.h"
#include "config/config_same.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX_SIZE = 256 };

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

static bool prepare_origin(const struct fleet *fleet, struct source *source,
                           struct error *err)
{
    source->origin = (struct event_origin){
        .mapping = mapping_find(fleet->plan.mappings, source->shape),
        .source = source->name,
        .provider = source->config->provider->name,
        .is_backfill = fleet->plan.backfill != NULL,
        .account = json_string_value(json_object_get(source->settings, "account")),
    };
    /* The provider's own come behind the operator's. */
    json_t *redact = json_array();
    json_array_extend(redact, source->config->redact);
    json_array_extend(redact, json_object_get(source->settings, "redact"));
    bool ok = event_origin_init(&source->origin, source->config->tenant, redact, err);
    json_decref(redact);
    return ok;
}

static bool open_sinks(struct fleet *fleet, const struct config *config,
                       const struct runtime *runtime, struct error *err)
{
    fleet->sinks = mem_new(config->sink_count, sizeof(*fleet->sinks));
    for (size_t i = 0; i < config->sink_count; i++) {
        const struct config_sink *entry = &config->sinks[i];
        fleet->sinks[i] = (struct open_sink){.name = entry->name,
                                             .type = entry->type,
                                             .format = entry->format,
                                             .max_age_ms = entry->max_age_ms,
                                             .sends_old = entry->sends_old};
        if (!entry->type->open(entry->settings, entry->format, runtime,
                               &fleet->sinks[i].sink, err)) {
            return error_context(err, "sink %s", entry->name);
        }
        fleet->sink_count++;
    }
    return true;
}

static char *key_of(const struct fleet *fleet, const char *name)
{
    const struct backfill *backfill = fleet->plan.backfill;
    return backfill == NULL ? mem_dup(name) : backfill_key(backfill, name);
}

static bool add_source(struct fleet *fleet, const struct config_source *entry,
                       const struct discovery_source *found, struct error *err)
{
    struct source *source = mem_new(1, sizeof(*source));
    fleet->sources =
        mem_resize(fleet->sources, fleet->source_count + 1, sizeof(*fleet->sources));
    json_object_set_new(fleet->by_name, found->name,
                        json_integer((json_int_t)fleet->source_count));
    fleet->sources[fleet->source_count++] = source;
    *source = (struct source){
        .place = fleet->source_count - 1,
        .config = entry,
        .name = mem_dup(found->name),
        .key = key_of(fleet, found->name),
        .settings = json_incref(found->settings),
        .quota_key = quota_key(entry->provider, found->settings),
        .shape = shape_of(entry, fleet->plan.providers),
    };
    add_routes(fleet, source);
    return prepare_origin(fleet, source, err);
}

/* Whether the plan is about that source of entry; name NULL: about any. */
static bool is_chosen(const struct fleet *fleet, const struct config_source *entry,
                      const char *name)
{
    char *const *chosen = fleet->plan.names;
    size_t size = strlen(entry->name);
    bool found = chosen == NULL;
    for (size_t i = 0; !found && chosen[i] != NULL; i++) {
        found = strcmp(chosen[i], entry->name) == 0 ||
                (name != NULL ? strcmp(chosen[i], name) == 0
                              : strncmp(chosen[i], entry->name, size) == 0 &&
                                    chosen[i][size] == '-');
    }
    return found &&
           (fleet->plan.backfill == NULL || backfill_is_possible(entry->provider));
}

/* A set of names that has changed: the turn under way ends with the old ones. */
static void hand_over(struct source *source, json_t *settings)
{
    if (source->config->provider->takes_known) {
        json_decref(atomic_exchange(&source->found, json_incref(settings)));
    }
}

/* Takes over what an entry stands for now. */
static bool take_found(struct fleet *fleet, const struct config_source *entry,
                       const struct discovery_result *found, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < found->count; i++) {
        const struct discovery_source *each = &found->sources[i];
        const json_t *place = json_object_get(fleet->by_name, each->name);
        if (place != NULL) {
            struct source *source = fleet->sources[json_integer_value(place)];
            source->is_gone = each->is_gone;
            hand_over(source, each->settings);
        } else if (!each->is_gone && is_chosen(fleet, entry, each->name)) {
            ok = add_source(fleet, entry, each, err);
        }
    }
    return ok;
}

/* An entry without sources fails the run; the other entries go on. */
static void note_lack(struct fleet *fleet, size_t entry, const struct error *err)
{
    fleet->lacks[entry] = true;
    log_write_take(LOG_ERROR, LOG_DISCOVERY_FAILED,
                   fleet->plan.config->sources[entry].name,
                   json_pack("{s:s, s:s, s:i}", "kind", error_kind_name(err->kind),
                             "error", err->text, "sources", 0));
}

/* The fleet before looked for the same with the same means. */
static bool is_unchanged(const struct fleet *fleet, const struct config_source *entry)
{
    const struct fleet *before = fleet->plan.before;
    const struct config_source *same =
        before == NULL ? NULL : config_find_source(before->plan.config, entry->name);
    return same != NULL && config_same_is_log(same, entry);
}

static bool discover(struct fleet *fleet, size_t entry, struct error *err)
{
    const struct config_source *source = &fleet->plan.config->sources[entry];
    const struct discovery discovery = {fleet->plan.runtime, fleet->worker.store_type,
                                        fleet->worker.store};
    struct discovery_result found = {0};
    struct error failure = {0};
    bool ok =
        (is_unchanged(fleet, source) && discovery_recall(&discovery, source, &found)) ||
        discovery_run(&discovery, source, &found, &failure);
    if (ok) {
        fleet->lacks[entry] = found.is_lacking;
        ok = take_found(fleet, source, &found, err);
    } else if (failure.kind == ERROR_DENIED || failure.kind == ERROR_BUSY ||
               failure.kind == ERROR_UNREACHABLE || failure.kind == ERROR_DATA) {
        note_lack(fleet, entry, &failure);
        ok = true;
    } else {
        *err = failure;
    }
    discovery_result_clear(&found);
    return ok;
}

static int64_t pause_ms(const struct fleet *fleet)
{
    return fleet_is_lacking(fleet) ? DISCOVERY_RETRY_MS : DISCOVERY_EVERY_MS;
}

static bool discover_all(struct fleet *fleet, struct error *err)
{
    const struct config *config = fleet->plan.config;
    fleet->by_name = json_object();
    fleet->lacks = mem_new(config->source_count + 1, sizeof(*fleet->lacks));
    fleet->scout = scout_new(config, fleet->worker.store_type, fleet->worker.store);
    for (size_t i = 0; i < config->source_count; i++) {
        if (is_chosen(fleet, &config->sources[i], NULL) && !discover(fleet, i, err)) {
            return false;
        }
    }
    fleet->discovered_ms = worker_monotonic_ms(&fleet->worker);
    fleet->discover_ms = fleet->discovered_ms + pause_ms(fleet);
    return true;
}

void fleet_doubt(struct fleet *fleet)
{
    int64_t soon_ms = fleet->discovered_ms + DISCOVERY_SOON_MS;
    if (fleet->discover_ms != INT64_MAX && soon_ms < fleet->discover_ms) {
        fleet->discover_ms = soon_ms;
    }
}

void fleet_rediscover(struct fleet *fleet)
{
    int64_t now = worker_monotonic_ms(&fleet->worker);
    if (now >= fleet->discover_ms && scout_send(fleet->scout)) {
        fleet->discover_ms = INT64_MAX; /* until it is back */
    }
    struct scout_report *reports = scout_take(fleet->scout);
    if (reports == NULL) {
        return;
    }
    for (size_t i = 0; i < fleet->plan.config->source_count; i++) {
        struct scout_report *report = &reports[i];
        struct error *err = &report->error;
        fleet->lacks[i] = report->result.is_lacking;
        if (err->kind != ERROR_NONE ||
            !take_found(fleet, report->entry, &report->result, err)) {
            note_lack(fleet, i, err);
        }
    }
    fleet->discovered_ms = now;
    fleet->discover_ms = now + pause_ms(fleet);
}

static bool open_store(struct fleet *fleet, struct error *err)
{
    struct worker *worker = &fleet->worker;
    const struct fleet_plan *plan = &fleet->plan;
    if (plan->before != NULL) {
        worker->store = plan->before->worker.store;
        return true;
    }
    return worker->store_type->open(plan->config->state, plan->runtime, &worker->store,
                                    err);
}

bool fleet_open(struct fleet *fleet, const struct fleet_plan *plan, struct error *err)
{
    *fleet = (struct fleet){.plan = *plan};
    fleet->worker.runtime = plan->runtime;
    fleet->worker.store_type =
        plan->store_type == NULL ? &store_sqlite : plan->store_type;
    fleet->worker.backfill = plan->backfill;
    fleet->worker.ratelimit = ratelimit_new();
    fleet->worker.denials = denials_new();
    return open_sinks(fleet, plan->config, plan->runtime, err) &&
           open_store(fleet, err) && discover_all(fleet, err);
}

static void close_source(struct source *source)
{
    claim_clear(&source->claim);
    event_origin_clear(&source->origin);
    json_decref(source->settings);
    json_decref(atomic_load(&source->found));
    free(source->quota_key);
    free(source->routes);
    free(source->name);
    free(source->key);
    free(source);
}

void fleet_close(struct fleet *fleet)
{
    scout_free(fleet->scout);
    for (size_t i = 0; i < fleet->source_count; i++) {
        close_source(fleet->sources[i]);
    }
    free(fleet->sources);
    json_decref(fleet->by_name);
    free(fleet->lacks);
    free(fleet->left);
    for (size_t i = 0; i < fleet->sink_count; i++) {
        fleet->sinks[i].type->close(fleet->sinks[i].sink);
    }
    free(fleet->sinks);
    if (fleet->worker.store != NULL && fleet->plan.before == NULL) {
        fleet->worker.store_type->close(fleet->worker.store);
    }
    ratelimit_free(fleet->worker.ratelimit);
    denials_free(fleet->worker.denials);
    *fleet = (struct fleet){0};
}

bool fleet_is_lacking(const struct fleet *fleet)
{
    bool lacks = false;
    for (size_t i = 0; i < fleet->plan.config->source_count; i++) {
        lacks = lacks || fleet->lacks[i];
    }
    return lacks;
}

bool fleet_has_failed(const struct fleet *fleet)
{
    bool failed = fleet_is_lacking(fleet);
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *source = fleet->sources[i];
        failed = failed || (!source->is_gone && source->end == SOURCE_FAILED);
    }
    return failed;
}
