/*
 * What a reload changed, for the log.
 */
#include "base/log.h"
#include "commands/reload.h"
#include "config/config_same.h"

#include <stdlib.h>
#include <string.h>

/* Names, by what became of them. */
struct difference {
    json_t *added;
    json_t *removed;
    json_t *changed;
};

static void compare_sources(const struct config *before, const struct config *next,
                            struct difference *difference)
{
    for (size_t i = 0; i < next->source_count; i++) {
        const struct config_source *source = &next->sources[i];
        const struct config_source *old = config_find_source(before, source->name);
        const struct config_side left = {before, old};
        const struct config_side right = {next, source};
        if (old == NULL) {
            json_array_append_new(difference->added, json_string(source->name));
        } else if (!config_same_is_source(&left, &right)) {
            json_array_append_new(difference->changed, json_string(source->name));
        }
    }
    for (size_t i = 0; i < before->source_count; i++) {
        if (config_find_source(next, before->sources[i].name) == NULL) {
            json_array_append_new(difference->removed,
                                  json_string(before->sources[i].name));
        }
    }
}

static void compare_sinks(const struct config *before, const struct config *next,
                          struct difference *difference)
{
    for (size_t i = 0; i < next->sink_count; i++) {
        const struct config_sink *sink = &next->sinks[i];
        const struct config_sink *old = config_find_sink(before, sink->name);
        if (old == NULL) {
            json_array_append_new(difference->added, json_string(sink->name));
        } else if (!config_same_is_sink(old, sink)) {
            json_array_append_new(difference->changed, json_string(sink->name));
        }
    }
    for (size_t i = 0; i < before->sink_count; i++) {
        if (config_find_sink(next, before->sinks[i].name) == NULL) {
            json_array_append_new(difference->removed,
                                  json_string(before->sinks[i].name));
        }
    }
}

static const char *text_or_none(const char *text)
{
    return text == NULL ? "" : text;
}

/* The versions of the packs that are not what they were. The caller owns the result. */
static json_t *changed_packs(const struct program *program,
                             const struct mapping_set *before,
                             const struct mapping_set *next)
{
    json_t *packs = json_array();
    const struct record_shape **shapes = command_shapes(program);
    for (size_t i = 0; shapes[i] != NULL; i++) {
        const struct mapping *old = mapping_find(before, shapes[i]);
        const struct mapping *now = mapping_find(next, shapes[i]);
        if (strcmp(text_or_none(mapping_hash(old)), text_or_none(mapping_hash(now))) !=
            0) {
            json_array_append_new(packs,
                                  json_string(text_or_none(mapping_versions(now))));
        }
    }
    free(shapes);
    return packs;
}

/* Puts what there is into fields under names such as "sinks_added". */
static void add_changes(json_t *members, const char *const names[3],
                        const struct difference *difference)
{
    json_t *const lists[] = {difference->added, difference->removed, difference->changed};
    for (size_t i = 0; i < 3; i++) {
        if (json_array_size(lists[i]) > 0) {
            json_object_set(members, names[i], lists[i]);
        }
        json_decref(lists[i]);
    }
}

void reload_tell(const struct program *program, const struct world *before,
                 const struct world *next)
{
    static const char *const source_names[] = {"sources_added", "sources_removed",
                                               "sources_changed"};
    static const char *const sink_names[] = {"sinks_added", "sinks_removed",
                                             "sinks_changed"};
    const struct config *old = &before->setup.config;
    const struct config *now = &next->setup.config;
    struct difference sources = {json_array(), json_array(), json_array()};
    struct difference sinks = {json_array(), json_array(), json_array()};
    json_t *packs = changed_packs(program, before->setup.mappings, next->setup.mappings);
    json_t *members = json_pack("{s:I}", "sources", (json_int_t)next->fleet.source_count);

    compare_sources(old, now, &sources);
    compare_sinks(old, now, &sinks);
    add_changes(members, source_names, &sources);
    add_changes(members, sink_names, &sinks);
    if (json_array_size(packs) > 0) {
        json_object_set(members, "packs_changed", packs);
    }
    json_decref(packs);
    log_write_take(LOG_INFO, LOG_RELOAD_DONE, NULL, members);
}
