#include "base/mem.h"
#include "base/timestamp.h"
#include "config/config_part.h"
#include "config/settings.h"

#include <stdlib.h>
#include <string.h>

static const char *const old_policies[] = {"dead_letter", "send", NULL};

const struct setting config_sink_keys[] = {
    {.name = "type",
     .type = SETTING_TEXT,
     .is_required = true,
     .help = "what kind of sink it is, such as file"},
    {.name = "format",
     .type = SETTING_CHOICE,
     .fallback = "ecs",
     .choices = event_format_names,
     .help = "how events are written"},
    {.name = "ocsf_version",
     .type = SETTING_CHOICE,
     .fallback = EVENT_OCSF_VERSION,
     .choices = event_ocsf_versions,
     .help = "which release of OCSF the format ocsf keeps to"},
    {.name = "max_event_age",
     .type = SETTING_DURATION,
     .min = MS_PER_MINUTE,
     .max = INT64_C(3660) * MS_PER_DAY,
     .help = "the oldest event that the platform takes as it is"},
    {.name = "too_old",
     .type = SETTING_CHOICE,
     .fallback = "dead_letter",
     .choices = old_policies,
     .help = "what becomes of an older event"},
    {.name = "environment",
     .type = SETTING_TEXT,
     .help = "sources that name another environment may not use this sink"},
    {.type = SETTING_END},
};

size_t config_sink_index(const struct config *config, const char *name)
{
    size_t index = 0;
    while (index < config->sink_count && strcmp(config->sinks[index].name, name) != 0) {
        index++;
    }
    return index;
}

struct setting *config_sink_own(const struct sink_type *type)
{
    struct setting *own = config_part_join(type->settings, NULL);
    for (size_t i = 0; type->shared != NULL && type->shared[i] != NULL; i++) {
        struct setting *more = config_part_join(own, type->shared[i]);
        free(own);
        own = more;
    }
    return own;
}

int64_t config_sink_every_ms(const struct config *config,
                             const struct config_source *source)
{
    for (size_t i = 0; i < source->route_count; i++) {
        const struct sink_type *type = config->sinks[source->routes[i].sink].type;
        if (type != NULL && type->is_object) {
            return INT64_C(5) * MS_PER_MINUTE;
        }
    }
    return 0;
}

static const struct sink_type *find_type(const struct config_loader *loader,
                                         const struct config_entry *entry)
{
    const json_t *written = json_object_get(entry->object, "type");
    if (!json_is_string(written) || json_string_length(written) == 0) {
        return NULL; /* settings_read says what is wrong */
    }
    const struct sink_type *type = sink_type_find(json_string_value(written));
    if (type == NULL) {
        size_t count = 0;
        while (sink_types[count] != NULL) {
            count++;
        }
        const char **names = mem_new(count + 1, sizeof(*names));
        for (size_t i = 0; i < count; i++) {
            names[i] = sink_types[i]->name;
        }
        config_part_unknown(loader, entry, written, "sink type", names);
        free(names);
    }
    return type;
}

static enum event_format format_of(const json_t *typed)
{
    const char *name = json_string_value(json_object_get(typed, "format"));
    const char *version = json_string_value(json_object_get(typed, "ocsf_version"));
    enum event_format format = FORMAT_ECS;
    if (name != NULL && version != NULL) { /* else they were found wrong before */
        event_format_find(name, version, &format);
    }
    return format;
}

/* What each key alone does not show. */
static void find_fault(const struct config_loader *loader,
                       const struct config_entry *entry, const struct sink_type *type,
                       const json_t *typed)
{
    const char *key = NULL;
    const char *fault = type->fault(typed, &key);
    if (fault != NULL) {
        const json_t *written = json_object_get(entry->object, key);
        yaml_problem(loader->yaml, written == NULL ? entry->object : written,
                     loader->problems, "%s: \"%s\" %s", entry->what, key, fault);
    }
}

/* Said for a format that has no releases, it was meant for another. */
static void check_version(const struct config_loader *loader,
                          const struct config_entry *entry, enum event_format format)
{
    const json_t *written = json_object_get(entry->object, "ocsf_version");
    if (written != NULL && !event_format_is_ocsf(format)) {
        yaml_problem(loader->yaml, written, loader->problems,
                     "%s: \"ocsf_version\" goes with format: ocsf", entry->what);
    }
}

static void check_age(const struct config_loader *loader,
                      const struct config_entry *entry)
{
    const json_t *policy = json_object_get(entry->object, "too_old");
    if (policy != NULL && json_object_get(entry->object, "max_event_age") == NULL) {
        yaml_problem(loader->yaml, policy, loader->problems,
                     "%s: \"too_old\" goes with \"max_event_age\"", entry->what);
    }
}

static bool sends_old(const json_t *typed)
{
    const char *policy = json_string_value(json_object_get(typed, "too_old"));
    return policy != NULL && strcmp(policy, "send") == 0;
}

void config_sink_read(const struct config_loader *loader,
                      const struct config_entry *entry)
{
    struct config *config = loader->config;
    const struct sink_type *type = find_type(loader, entry);
    struct setting *own = type == NULL ? NULL : config_sink_own(type);
    struct setting *settings = config_part_join(config_sink_keys, own);
    const char **keys = type == NULL ? config_part_keys(entry->object) : NULL;
    struct settings_reader reader = {loader->yaml, entry->what, loader->problems};
    size_t before = loader->problems->count;
    json_t *typed = settings_read(&reader, entry->object, settings, keys);

    if (loader->problems->count == before) {
        check_version(loader, entry, format_of(typed));
        check_age(loader, entry);
    }
    if (type != NULL && type->fault != NULL && loader->problems->count == before) {
        find_fault(loader, entry, type, typed);
    }
    const char *environment = json_string_value(json_object_get(typed, "environment"));
    config->sinks =
        mem_resize(config->sinks, config->sink_count + 1, sizeof(*config->sinks));
    config->sinks[config->sink_count++] = (struct config_sink){
        .name = mem_dup(entry->name),
        .type = type,
        .format = format_of(typed),
        .environment = environment == NULL ? NULL : mem_dup(environment),
        .max_age_ms = json_integer_value(json_object_get(typed, "max_event_age")),
        .sends_old = sends_old(typed),
        .settings = config_part_of(typed, own),
        .line = entry->place.line,
        .file = loader->file,
    };
    json_decref(typed);
    free(keys);
    free(settings);
    free(own);
}
