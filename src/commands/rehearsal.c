#include "commands/rehearsal.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    pthread_mutex_t mutex;
    json_t *unmapped; /* {source: {operation: count}} */
};

static bool rehearsal_open(const json_t *settings, enum event_format format,
                           const struct runtime *runtime, struct sink **sink,
                           struct error *err)
{
    (void)settings;
    (void)format;
    (void)runtime;
    (void)err;
    *sink = mem_new(1, sizeof(**sink));
    (*sink)->unmapped = json_object();
    pthread_mutex_init(&(*sink)->mutex, NULL);
    return true;
}

static void rehearsal_close(struct sink *sink)
{
    if (sink != NULL) {
        json_decref(sink->unmapped);
        pthread_mutex_destroy(&sink->mutex);
        free(sink);
    }
}

static const char *member_of(const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));
    return text == NULL ? "?" : text;
}

static void add_count(json_t *counts, const char *name, json_int_t more)
{
    json_int_t before = json_integer_value(json_object_get(counts, name));
    json_object_set_new(counts, name, json_integer(before + more));
}

/* Service and operation, as the event that would be sent has them. */
static void count_unmapped(json_t *counts, struct bytes text)
{
    json_t *document =
        json_loadb((const char *)text.data, text.size, JSON_ALLOW_NUL, NULL);
    const json_t *event = json_object_get(document, "event");
    char *name =
        mem_format("%s %s", member_of(event, "provider"), member_of(event, "action"));
    add_count(counts, name, 1);
    free(name);
    json_decref(document);
}

static bool rehearsal_send(struct sink *sink, const struct runtime *runtime,
                           const struct batch *batch, struct outcome *outcomes,
                           struct error *err)
{
    (void)runtime;
    (void)err;
    json_t *counts = json_object();
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];
        if (outcomes[i].kind != OUTCOME_RETRY) {
            continue;
        }
        outcomes[i].kind = OUTCOME_ACCEPTED;
        if (event->principles == 0 && !event->is_own) {
            count_unmapped(counts, batch_text(batch, event, FORMAT_ECS));
        }
    }
    const char *name = NULL;
    json_t *count = NULL;
    pthread_mutex_lock(&sink->mutex);
    if (json_object_get(sink->unmapped, batch->source) == NULL) {
        json_object_set_new(sink->unmapped, batch->source, json_object());
    }
    json_object_foreach(counts, name, count)
    {
        add_count(json_object_get(sink->unmapped, batch->source), name,
                  json_integer_value(count));
    }
    pthread_mutex_unlock(&sink->mutex);
    json_decref(counts);
    return true;
}

static const struct sink_type rehearsal_type = {
    .name = "rehearsal",
    .is_acknowledged = true,
    .open = rehearsal_open,
    .send = rehearsal_send,
    .close = rehearsal_close,
};

void rehearsal_prepare(struct config *config)
{
    for (size_t i = 0; i < config->sink_count; i++) {
        config->sinks[i].type = &rehearsal_type;
        config->sinks[i].format = FORMAT_ECS;
    }
}

/* Every sink without a filter sees all of a source's: one that saw any is enough. */
static const json_t *unmapped_of(const struct source *source)
{
    for (size_t i = 0; i < source->route_count; i++) {
        const json_t *counts =
            json_object_get(source->routes[i].sink->sink->unmapped, source->name);
        if (json_object_size(counts) > 0) {
            return counts;
        }
    }
    return NULL;
}

/* Most frequent first, then by name. */
static int compare_names(const void *left, const void *right)
{
    const struct rehearsal_name *a = left;
    const struct rehearsal_name *b = right;
    int order = (a->count < b->count) - (a->count > b->count);
    return order != 0 ? order : strcmp(a->name, b->name);
}

void rehearsal_unmapped(const struct fleet *fleet, struct rehearsal_names *names)
{
    json_t *all = json_object();
    const char *name = NULL;
    json_t *count = NULL;
    for (size_t i = 0; i < fleet->source_count; i++) {
        json_object_foreach((json_t *)unmapped_of(fleet->sources[i]), name, count)
        {
            add_count(all, name, json_integer_value(count));
        }
    }
    *names = (struct rehearsal_names){
        .items = mem_new(json_object_size(all) + 1, sizeof(*names->items))};
    json_object_foreach(all, name, count)
    {
        names->items[names->count++] =
            (struct rehearsal_name){mem_dup(name), (uint64_t)json_integer_value(count)};
    }
    qsort(names->items, names->count, sizeof(*names->items), compare_names);
    json_decref(all);
}

void rehearsal_names_clear(struct rehearsal_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i].name);
    }
    free(names->items);
    *names = (struct rehearsal_names){0};
}
