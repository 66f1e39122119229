#include "config/config.h"

#include "base/mem.h"
#include "config/config_files.h"
#include "config/config_part.h"
#include "config/settings.h"
#include "config/settings_value.h"

#include <stdlib.h>
#include <string.h>

const struct setting config_state_keys[] = {
    {.name = "path",
     .type = SETTING_PATH,
     .fallback = "auditbridge.db",
     .help = "the database that remembers where each source stands"},
    {.type = SETTING_END},
};

static const struct setting no_settings[] = {{.type = SETTING_END}};

static const char *const main_keys[] = {"state", "workers", "mappings", "metrics",
                                        "sinks", "sources", NULL};
static const char *const part_keys[] = {"sinks", "sources", NULL};

typedef void (*read_entry)(const struct config_loader *loader,
                           const struct config_entry *entry);

const struct config_source *config_find_source(const struct config *config,
                                               const char *name)
{
    for (size_t i = 0; i < config->source_count; i++) {
        if (strcmp(config->sources[i].name, name) == 0) {
            return &config->sources[i];
        }
    }
    return NULL;
}

const struct config_sink *config_find_sink(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->sink_count; i++) {
        if (strcmp(config->sinks[i].name, name) == 0) {
            return &config->sinks[i];
        }
    }
    return NULL;
}

/* Where a name was given before; file is NULL when it was not. */
struct holder {
    const char *file;
    int line;
};

static struct holder find_holder(const struct config *config, const char *kind,
                                 const char *name)
{
    const struct config_sink *sink = config_find_sink(config, name);
    const struct config_source *source = config_find_source(config, name);
    if (strcmp(kind, "sink") == 0) {
        return sink == NULL ? (struct holder){0}
                            : (struct holder){sink->file, sink->line};
    }
    return source == NULL ? (struct holder){0}
                          : (struct holder){source->file, source->line};
}

static void check_name(const struct config_loader *loader,
                       const struct config_entry *entry, const char *kind)
{
    if (!config_part_is_name(entry->name)) {
        config_part_problem(loader, entry,
                            "its name must be 1 to %d of the characters a-z, 0-9 and "
                            "\"-\"",
                            CONFIG_NAME_MAX);
        return;
    }
    struct holder holder = find_holder(loader->config, kind, entry->name);
    if (holder.file != NULL) {
        config_part_problem(loader, entry,
                            "this name was given before, at %s:%d; choose another",
                            holder.file, holder.line);
    }
}

/* The members of the file's `sinks` or `sources`; kind is "sink" or "source". */
static void read_entries(const struct config_loader *loader, const char *kind,
                         read_entry read)
{
    char *key = mem_format("%ss", kind);
    json_t *entries = json_object_get(loader->yaml->root, key);
    if (entries != NULL && !json_is_null(entries) && !json_is_object(entries)) {
        yaml_problem(loader->yaml, entries, loader->problems,
                     "\"%s\" must be a mapping of names to settings", key);
    }
    void *iter = json_object_iter(entries);
    for (; iter != NULL; iter = json_object_iter_next(entries, iter)) {
        const char *name = json_object_iter_key(iter);
        struct config_entry entry = {
            .name = name,
            .object = json_object_iter_value(iter),
            .place = yaml_key_place(loader->yaml, entries, name),
            .what = config_part_is_name(name) ? mem_format("%s %s", kind, name)
                                              : mem_dup(kind),
        };
        check_name(loader, &entry, kind);
        read(loader, &entry);
        free(entry.what);
    }
    free(key);
}

static void read_mappings(const struct config_loader *loader)
{
    static const struct setting directory = {
        .name = "mappings", .type = SETTING_PATH, .help = "directories of mapping packs"};
    const struct settings_value reading = {loader->yaml, "configuration", &directory,
                                           loader->problems};
    const json_t *written = json_object_get(loader->yaml->root, "mappings");
    if (written != NULL && !json_is_null(written) && !json_is_array(written)) {
        yaml_problem(loader->yaml, written, loader->problems,
                     "\"mappings\" must be a list of directories, such as [packs]");
    }
    size_t count = json_array_size(written);
    char **paths = mem_new(count + 1, sizeof(*paths));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        json_t *path = settings_value_read(&reading, json_array_get(written, i));
        if (path != NULL) {
            paths[kept++] = mem_dup(json_string_value(path));
            json_decref(path);
        }
    }
    loader->config->mapping_directories = paths;
}

static void read_workers(const struct config_loader *loader)
{
    static const struct setting workers = {.name = "workers", .type = SETTING_TEXT};
    const struct settings_value reading = {loader->yaml, "configuration", &workers,
                                           loader->problems};
    const json_t *written = json_object_get(loader->yaml->root, "workers");
    json_t *text = written == NULL ? NULL : settings_value_read(&reading, written);
    if (text == NULL || strcmp(json_string_value(text), "auto") == 0) {
        json_decref(text);
        return;
    }
    char *end = NULL;
    const char *digits = json_string_value(text);
    unsigned long count = strtoul(digits, &end, 10);
    bool is_number = digits[0] >= '1' && digits[0] <= '9' && *end == '\0';
    if (is_number && count <= CONFIG_WORKERS_MAX) {
        loader->config->worker_count = count;
    } else {
        yaml_problem(loader->yaml, written, loader->problems,
                     "\"workers\" must be auto, or a number from 1 to %d",
                     CONFIG_WORKERS_MAX);
    }
    json_decref(text);
}

/* Where a key of the file stands; zero: nowhere. */
static struct yaml_place place_of_key(const struct yaml *yaml, const char *key)
{
    struct yaml_place nowhere = {0};
    return json_object_get(yaml->root, key) == NULL
               ? nowhere
               : yaml_key_place(yaml, yaml->root, key);
}

static void read_main(const struct config_loader *loader)
{
    const json_t *state = json_object_get(loader->yaml->root, "state");
    const struct settings_reader reader = {loader->yaml, "state", loader->problems};
    loader->config->state = settings_read(&reader, state, config_state_keys, NULL);
    loader->config->state_place = place_of_key(loader->yaml, "state");
    loader->config->metrics_place = place_of_key(loader->yaml, "metrics");
    read_workers(loader);
    read_mappings(loader);
    config_metrics_read(loader);
}

static void check_keys(const struct config_loader *loader, const char *const *known)
{
    const struct settings_reader reader = {loader->yaml, "configuration",
                                           loader->problems};
    json_decref(settings_read(&reader, loader->yaml->root, no_settings, known));
}

/* Sinks of all files come first: any source may name any of them. */
static void read_all(struct config_loader *loader, const struct config_files *files)
{
    json_t *names = json_array();
    loader->config->files = names;
    for (size_t i = 0; i < files->count; i++) {
        const struct yaml *yaml = &files->yamls[i];
        json_array_append_new(names, json_string(yaml->file));
        loader->yaml = yaml;
        loader->file = json_string_value(json_array_get(names, i));
        check_keys(loader, i == 0 ? main_keys : part_keys);
        if (i == 0) {
            read_main(loader);
        }
        read_entries(loader, "sink", config_sink_read);
    }
    for (size_t i = 0; i < files->count; i++) {
        loader->yaml = &files->yamls[i];
        loader->file = json_string_value(json_array_get(names, i));
        read_entries(loader, "source", config_source_read);
    }
}

const struct slicing *config_slicing(const struct config_source *source)
{
    return source->slicing.passes > 0 ? &source->slicing : source->provider->slicing;
}

int64_t config_late_ms(const json_t *settings, const struct slicing *slicing)
{
    const json_t *late = json_object_get(settings, "late");
    return slicing->late_ms == 0 || late == NULL ? slicing->late_ms
                                                 : json_integer_value(late);
}

bool config_load(const char *file, const struct provider *const *providers,
                 struct config *config, struct problems *problems)
{
    size_t before = problems->count;
    *config = (struct config){.file = mem_dup(file)};
    struct config_loader loader = {
        .providers = providers, .config = config, .problems = problems};
    struct config_files files;

    config_files_read(file, &files, problems);
    if (files.is_whole) {
        read_all(&loader, &files);
    }
    if (problems->count == before && config->source_count == 0) {
        problems_add(problems, file, 0, 0,
                     "there are no sources; write at least one under \"sources\"");
    }
    config_files_clear(&files);
    if (problems->count > before) {
        config_clear(config);
    }
    return problems->count == before;
}

void config_clear(struct config *config)
{
    for (size_t i = 0; i < config->sink_count; i++) {
        free(config->sinks[i].name);
        free(config->sinks[i].environment);
        json_decref(config->sinks[i].settings);
    }
    for (size_t i = 0; i < config->source_count; i++) {
        struct config_source *source = &config->sources[i];
        free(source->name);
        free(source->environment);
        free(source->routes);
        json_decref(source->settings);
        json_decref(source->tenant);
        json_decref(source->redact);
    }
    char **directory = config->mapping_directories;
    for (; directory != NULL && *directory != NULL; directory++) {
        free(*directory);
    }
    free(config->mapping_directories);
    free(config->sinks);
    free(config->sources);
    free(config->file);
    json_decref(config->state);
    json_decref(config->metrics);
    json_decref(config->files);
    *config = (struct config){0};
}
