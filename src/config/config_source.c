#include "base/mem.h"
#include "base/timestamp.h"
#include "config/amount.h"
#include "config/config_part.h"
#include "config/principle.h"
#include "config/settings.h"
#include "record/paths.h"

#include <stdlib.h>
#include <string.h>

const struct setting config_source_keys[] = {
    {.name = "provider",
     .type = SETTING_TEXT,
     .is_required = true,
     .help = "which kind of audit log it is, such as aws-cloudtrail"},
    {.name = "every",
     .type = SETTING_DURATION,
     .fallback = "60s",
     .min = MS_PER_SECOND,
     .help = "how often to look for new events"},
    {.name = "lookback",
     .type = SETTING_DURATION,
     .fallback = "24h",
     .help = "how far before its first run a source begins"},
    {.name = "environment",
     .type = SETTING_TEXT,
     .help = "must be that of its sinks, where they name one"},
    {.name = "tenant",
     .type = SETTING_MAP,
     .help = "whose log it is; becomes moj.tenant of every event"},
    {.name = "redact",
     .type = SETTING_LIST,
     .help = "paths of values that are removed from every event"},
    {.name = "allow_cross_environment",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help = "lets a source send to a sink of another environment"},
    {.name = "allow_unverified",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help = "lets the only required sinks be ones that do not acknowledge"},
    {.type = SETTING_END},
};

/* A source while it is read: what is kept, and what was written. */
struct reading {
    const struct config_loader *loader;
    const struct config_entry *entry;
    struct config_source *source;
    const json_t *typed;
};

static const struct setting route_settings[] = {
    {.name = "name",
     .type = SETTING_TEXT,
     .is_required = true,
     .help = "the sink's name"},
    {.name = "required",
     .type = SETTING_BOOL,
     .fallback = "true",
     .help = "false: never wait for this sink"},
    {.name = "principles",
     .type = SETTING_LIST,
     .help = "send only events that answer one of these"},
    {.type = SETTING_END},
};

static const struct provider *find_provider(const struct config_loader *loader,
                                            const struct config_entry *entry)
{
    const json_t *written = json_object_get(entry->object, "provider");
    const char *name = json_string_value(written);
    if (name == NULL || name[0] == '\0') {
        return NULL; /* settings_read says what is wrong */
    }
    size_t count = 0;
    for (; loader->providers[count] != NULL; count++) {
        if (strcmp(loader->providers[count]->name, name) == 0) {
            return loader->providers[count];
        }
    }
    const char **names = mem_new(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = loader->providers[i]->name;
    }
    config_part_unknown(loader, entry, written, "provider", names);
    free(names);
    return NULL;
}

static void refuse_sink(const struct reading *reading, const json_t *written)
{
    const struct config *config = reading->loader->config;
    const char **names = mem_new(config->sink_count + 1, sizeof(*names));
    for (size_t i = 0; i < config->sink_count; i++) {
        names[i] = config->sinks[i].name;
    }
    config_part_unknown(reading->loader, reading->entry, written, "sink", names);
    free(names);
}

static void check_environment(const struct reading *reading,
                              const struct config_sink *sink, const json_t *written)
{
    const struct config_source *source = reading->source;
    if (source->environment == NULL || sink->environment == NULL ||
        strcmp(source->environment, sink->environment) == 0 ||
        json_is_true(json_object_get(reading->typed, "allow_cross_environment"))) {
        return;
    }
    yaml_problem(reading->loader->yaml, written, reading->loader->problems,
                 "%s: its environment is not that of sink \"%s\" (%s:%d); make them "
                 "agree, or set allow_cross_environment: true",
                 reading->entry->what, sink->name, sink->file, sink->line);
}

/* written: where the sink's name stands; wanted: the route but for its sink. */
static void add_route(const struct reading *reading, const json_t *written,
                      const char *name, struct config_route wanted)
{
    struct config_source *source = reading->source;
    const struct config *config = reading->loader->config;
    size_t index = config_sink_index(config, name);
    if (index == config->sink_count) {
        refuse_sink(reading, written);
        return;
    }
    for (size_t i = 0; i < source->route_count; i++) {
        if (source->routes[i].sink == index) {
            yaml_problem(reading->loader->yaml, written, reading->loader->problems,
                         "%s: sink \"%s\" is listed twice; keep it once",
                         reading->entry->what, name);
            return;
        }
    }
    check_environment(reading, &config->sinks[index], written);
    source->routes =
        mem_resize(source->routes, source->route_count + 1, sizeof(*source->routes));
    wanted.sink = index;
    source->routes[source->route_count++] = wanted;
}

/* Each ref is one of the guidance's: "2c". */
static uint32_t read_principles(const struct reading *reading, const json_t *written)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < json_array_size(written); i++) {
        const json_t *item = json_array_get(written, i);
        const char *ref = json_string_value(item);
        const struct principle *principle = ref == NULL ? NULL : principle_find(ref);
        if (principle != NULL) {
            bits |= principle_bit(principle);
        } else if (ref != NULL) {
            yaml_problem(reading->loader->yaml, item, reading->loader->problems,
                         "%s: \"principles\" must hold references such as 2c or 3f; "
                         "there is no 3d",
                         reading->entry->what);
        }
    }
    return bits;
}

static void read_route(const struct reading *reading, const json_t *written)
{
    const struct config_loader *loader = reading->loader;
    if (json_is_string(written)) {
        add_route(reading, written, json_string_value(written),
                  (struct config_route){.is_required = true});
        return;
    }
    if (json_is_null(written)) {
        return; /* its problem was told */
    }
    if (!json_is_object(written)) {
        yaml_problem(loader->yaml, written, loader->problems,
                     "%s: \"sinks\" may hold names and {name: NAME, required: false, "
                     "principles: [2b, 2c]}",
                     reading->entry->what);
        return;
    }
    struct settings_reader reader = {loader->yaml, reading->entry->what,
                                     loader->problems};
    json_t *route = settings_read(&reader, written, route_settings, NULL);
    const char *name = json_string_value(json_object_get(route, "name"));
    if (name != NULL) {
        struct config_route wanted = {
            .is_required = !json_is_false(json_object_get(route, "required")),
            .principles =
                read_principles(reading, json_object_get(written, "principles")),
        };
        add_route(reading, json_object_get(written, "name"), name, wanted);
    }
    json_decref(route);
}

/* Which events a route gets; a route without principles gets those of none, too. */
static uint32_t events_of(const struct config_route *route)
{
    return route->principles == 0 ? UINT32_MAX : route->principles;
}

/* Does sink, of a known type and set as it is, acknowledge what it has? */
static bool is_verified(const struct config_sink *sink)
{
    const struct sink_type *type = sink->type;
    return type->is_acknowledged &&
           (type->is_unverified == NULL || !type->is_unverified(sink->settings));
}

/* What the routes of a source must be together. */
static void check_routes(const struct reading *reading, const json_t *written)
{
    const struct config_loader *loader = reading->loader;
    const struct config_source *source = reading->source;
    bool has_required = false;
    uint32_t acknowledged = 0;
    uint32_t unverified = 0;
    for (size_t i = 0; i < source->route_count; i++) {
        const struct config_route *route = &source->routes[i];
        const struct config_sink *sink = &loader->config->sinks[route->sink];
        has_required = has_required || route->is_required;
        /* A sink whose type is unknown has its problem already. */
        bool is_acknowledged = sink->type == NULL || is_verified(sink);
        uint32_t events = route->is_required ? events_of(route) : 0;
        acknowledged |= is_acknowledged ? events : 0;
        unverified |= is_acknowledged ? 0 : events;
    }
    if (!has_required) {
        yaml_problem(loader->yaml, written, loader->problems,
                     "%s: no sink is required; without one, events could be lost: leave "
                     "\"required: false\" off at least one",
                     reading->entry->what);
    } else if ((unverified & ~acknowledged) != 0 &&
               !json_is_true(json_object_get(reading->typed, "allow_unverified"))) {
        yaml_problem(loader->yaml, written, loader->problems,
                     "%s: no required sink acknowledges %s, so events could "
                     "be lost; add one that does, or set allow_unverified: true",
                     reading->entry->what,
                     acknowledged == 0 ? "what it is sent"
                                       : "the events that its \"principles\" leave out");
    }
}

static void read_routes(const struct reading *reading)
{
    const struct config_loader *loader = reading->loader;
    const json_t *written = json_object_get(reading->entry->object, "sinks");
    if (json_is_null(written)) {
        return; /* its problem was told */
    }
    if (written == NULL) {
        yaml_problem(loader->yaml, reading->entry->object, loader->problems,
                     "%s: \"sinks\" is missing: the names of the sinks it sends to",
                     reading->entry->what);
        return;
    }
    if (!json_is_array(written) || json_array_size(written) == 0) {
        yaml_problem(loader->yaml, written, loader->problems,
                     "%s: \"sinks\" must be a list of sink names, such as [platform]",
                     reading->entry->what);
        return;
    }
    size_t before = loader->problems->count;
    for (size_t i = 0; i < json_array_size(written); i++) {
        read_route(reading, json_array_get(written, i));
    }
    if (loader->problems->count == before) {
        check_routes(reading, written);
    }
}

/* A tenant may keep its log for less long than its cloud's best does. */
static void take_retention(struct config_source *source)
{
    const struct provider *provider = source->provider;
    const json_t *retention = json_object_get(source->settings, "retention");
    bool is_told =
        provider != NULL && (provider->retention_ms != NULL || retention != NULL);
    if (is_told && provider->slicing != NULL) {
        source->slicing = *provider->slicing;
        source->slicing.retention_ms = provider->retention_ms != NULL
                                           ? provider->retention_ms(source->settings)
                                           : json_integer_value(retention);
    }
}

static void check_lookback(const struct reading *reading)
{
    const struct config_loader *loader = reading->loader;
    const struct provider *provider = reading->source->provider;
    if (provider == NULL || provider->slicing == NULL ||
        reading->source->lookback_ms <= config_slicing(reading->source)->retention_ms) {
        return;
    }
    const json_t *written = json_object_get(reading->entry->object, "lookback");
    char *kept =
        amount_format(AMOUNT_DURATION, config_slicing(reading->source)->retention_ms);
    yaml_problem(loader->yaml, written == NULL ? reading->entry->object : written,
                 loader->problems,
                 "%s: \"lookback\" is longer than %s keeps its log: at "
                 "most %s",
                 reading->entry->what, provider->name, kept);
    free(kept);
}

/* Each path is compiled as the event writer will compile it. */
static void check_redact(const struct reading *reading)
{
    const struct config_loader *loader = reading->loader;
    const json_t *written = json_object_get(reading->entry->object, "redact");
    struct paths *paths = paths_new();
    for (size_t i = 0; i < json_array_size(written); i++) {
        const json_t *item = json_array_get(written, i);
        const char *text = json_string_value(item);
        size_t slot = 0;
        if (text != NULL && text[0] != '\0' && !paths_add(paths, text, &slot, NULL)) {
            yaml_problem(loader->yaml, item, loader->problems,
                         "%s: \"redact\" must hold paths such as "
                         "requestParameters.password; see Paths in docs/mappings.md",
                         reading->entry->what);
        }
    }
    paths_free(paths);
}

/* What the provider makes of settings that are right one by one. */
static void check_together(const struct reading *reading)
{
    const struct config_source *source = reading->source;
    struct error fault = {0};
    if (source->provider != NULL && source->provider->check != NULL &&
        !source->provider->check(source->settings, &fault)) {
        yaml_problem(reading->loader->yaml, reading->entry->object,
                     reading->loader->problems, "%s: %s", reading->entry->what,
                     fault.text);
    }
}

static char *dup_member(const json_t *typed, const char *name)
{
    const char *text = json_string_value(json_object_get(typed, name));
    return text == NULL ? NULL : mem_dup(text);
}

void config_source_read(const struct config_loader *loader,
                        const struct config_entry *entry)
{
    static const char *const sinks_key[] = {"sinks", NULL};
    struct config *config = loader->config;
    const struct provider *provider = find_provider(loader, entry);
    struct setting *own = provider == NULL
                              ? NULL
                              : config_part_join(provider->settings, provider->identity);
    struct setting *settings = config_part_join(config_source_keys, own);
    const char **keys = provider == NULL ? config_part_keys(entry->object) : NULL;
    struct settings_reader reader = {loader->yaml, entry->what, loader->problems};
    size_t before = loader->problems->count;
    json_t *typed =
        settings_read(&reader, entry->object, settings, keys == NULL ? sinks_key : keys);

    config->sources =
        mem_resize(config->sources, config->source_count + 1, sizeof(*config->sources));
    struct config_source *source = &config->sources[config->source_count++];
    *source = (struct config_source){
        .name = mem_dup(entry->name),
        .provider = provider,
        .settings = config_part_of(typed, own),
        .every_ms = json_integer_value(json_object_get(typed, "every")),
        .lookback_ms = json_integer_value(json_object_get(typed, "lookback")),
        .environment = dup_member(typed, "environment"),
        .tenant = json_incref(json_object_get(typed, "tenant")),
        .redact = json_incref(json_object_get(typed, "redact")),
        .line = entry->place.line,
        .file = loader->file,
    };
    if (json_is_object(entry->object)) {
        struct reading reading = {loader, entry, source, typed};
        read_routes(&reading);
        int64_t rare_ms = config_sink_every_ms(config, source);
        if (rare_ms > 0 && json_object_get(entry->object, "every") == NULL) {
            source->every_ms = rare_ms;
        }
        take_retention(source);
        check_lookback(&reading);
        check_redact(&reading);
        if (loader->problems->count == before) {
            check_together(&reading);
        }
    }
    json_decref(typed);
    free(keys);
    free(settings);
    free(own);
}
