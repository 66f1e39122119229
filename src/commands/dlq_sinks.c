#include "commands/dlq.h"

#include "base/mem.h"
#include "event/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOTICE_LIMIT = 64 << 10 };

int dlq_sinks_init(struct dlq_sinks *sinks, const struct dlq_request *request)
{
    struct hands *hands = request->hands;
    struct problems problems = {0};
    struct error err = {0};
    int status = EXIT_GOOD;
    *sinks = (struct dlq_sinks){.hands = hands};
    if (!command_mappings(hands->program, request->mappings,
                          hands->config.mapping_directories, &sinks->mappings,
                          &problems)) {
        status = command_problems(&problems);
    } else if (!roster_load(hands, false, &sinks->roster, &err)) {
        status = hands_failed(hands, &err);
    }
    problems_clear(&problems);
    sinks->open = mem_new(hands->config.sink_count, sizeof(*sinks->open));
    sinks->is_broken = mem_new(hands->config.sink_count, sizeof(*sinks->is_broken));
    sinks->is_told = mem_new(hands->config.sink_count, sizeof(*sinks->is_told));
    return status;
}

void dlq_sinks_close(struct dlq_sinks *sinks)
{
    for (size_t i = 0; sinks->open != NULL && i < sinks->hands->config.sink_count; i++) {
        if (sinks->open[i].sink != NULL) {
            sinks->open[i].type->close(sinks->open[i].sink);
        }
    }
    free(sinks->open);
    free(sinks->is_broken);
    free(sinks->is_told);
    mapping_set_free(sinks->mappings);
    roster_clear(&sinks->roster);
    *sinks = (struct dlq_sinks){0};
}

/* The index of the sink in the configuration; its count when it is not there. */
static size_t index_of(const struct config *config, const char *name)
{
    size_t i = 0;
    while (i < config->sink_count && strcmp(config->sinks[i].name, name) != 0) {
        i++;
    }
    return i;
}

struct open_sink *dlq_sinks_find(struct dlq_sinks *sinks, const char *name,
                                 struct error *err)
{
    struct hands *hands = sinks->hands;
    size_t i = index_of(&hands->config, name);
    if (i == hands->config.sink_count) {
        error_set(err, ERROR_CONFIG, "sink %s: is not configured any more", name);
        return NULL;
    }
    if (sinks->is_broken[i]) {
        error_set(err, ERROR_UNREACHABLE, "sink %s: did not take what came before", name);
        return NULL;
    }
    const struct config_sink *entry = &hands->config.sinks[i];
    struct open_sink *open = &sinks->open[i];
    if (open->sink == NULL) {
        *open = (struct open_sink){
            .name = entry->name, .type = entry->type, .format = entry->format};
        if (!entry->type->open(entry->settings, entry->format, &hands->runtime,
                               &open->sink, err)) {
            sinks->is_broken[i] = true;
            error_context(err, "sink %s", name);
            return NULL;
        }
    }
    return open;
}

void dlq_sinks_break(struct dlq_sinks *sinks, const char *name)
{
    size_t i = index_of(&sinks->hands->config, name);
    if (i < sinks->hands->config.sink_count) {
        sinks->is_broken[i] = true;
    }
}

/* What the letter's records look like; those of a gone source: any will do. */
static const struct record_shape *shape_of(const struct hands *hands,
                                           const struct config_source *entry)
{
    const struct record_shape **all = command_shapes(hands->program);
    const struct record_shape *shape = entry == NULL ? NULL : entry->provider->shape;
    const char *wanted =
        entry == NULL ? NULL
                      : json_string_value(json_object_get(entry->settings, "records"));
    for (size_t i = 0; shape == NULL && wanted != NULL && all[i] != NULL; i++) {
        shape = strcmp(all[i]->name, wanted) == 0 ? all[i] : NULL;
    }
    shape = shape == NULL ? all[0] : shape;
    free(all);
    return shape;
}

static bool write_access(const struct dlq_sinks *sinks, const struct store_dead *letter,
                         const char *action, struct batch *batch,
                         enum event_format format)
{
    const struct roster_row *row = roster_find(&sinks->roster, letter->source);
    const struct config_source *entry = row == NULL ? NULL : row->entry;
    struct event_origin origin = {
        .mapping = mapping_find(sinks->mappings, shape_of(sinks->hands, entry)),
        .source = letter->source,
        .provider = "auditbridge"};
    char *about = mem_format("%s-%lld-%lld-%d", action, (long long)letter->id,
                             (long long)hands_now_ms(sinks->hands), (int)getpid());
    json_t *details = json_pack("{s:s, s:s, s:I}", "action", action, "letter",
                                letter->event_id, "uid", (json_int_t)getuid());
    const struct notice notice = {.kind = "access",
                                  .about = about,
                                  .message = "an operator took dead letters in hand",
                                  .time_ms = hands_now_ms(sinks->hands),
                                  .details = details};
    struct buf id;
    buf_init(&id, NOTICE_LIMIT);
    struct batch_event *event = batch_add(batch);
    bool ok =
        event_origin_init(&origin, entry == NULL ? NULL : entry->tenant, NULL, NULL) &&
        notice_write(format, &origin, &notice, &id, &batch->bodies[format]);
    event->text[format].size = batch->bodies[format].size;
    event->time_ms = notice.time_ms;
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(buf_bytes(&id), digest);
    memcpy(event->id16, digest, ID16_SIZE);
    buf_add_text(&batch->ids, buf_text(&id));
    buf_add_byte(&batch->ids, '\0');
    event_origin_clear(&origin);
    buf_clear(&id);
    json_decref(details);
    free(about);
    return ok;
}

bool dlq_tell_access(struct dlq_sinks *sinks, const struct store_dead *letter,
                     const char *action, struct error *err)
{
    struct open_sink *sink = dlq_sinks_find(sinks, letter->sink, err);
    if (sink == NULL) {
        return false;
    }
    bool *is_told = &sinks->is_told[sink - sinks->open];
    if (*is_told && strcmp(action, "replay") == 0) {
        return true;
    }
    const struct send_route route = {.sink = sink, .is_required = true};
    const struct send_routes routes = {&route, 1};
    struct send_result result = {0};
    struct batch batch;
    batch_init(&batch, letter->source);
    bool ok =
        write_access(sinks, letter, action, &batch, sink->format) ||
        error_set(err, ERROR_TOO_BIG, "dead letter %lld: its id is too long to tell",
                  (long long)letter->id);
    ok = ok && send_batch(&routes, &sinks->hands->runtime, &batch, &result, err);
    if (ok && result.refusal_count > 0) {
        ok = error_set(err, ERROR_DATA, "sink %s: refused to be told of it: %s",
                       sink->name, result.refusals[0].reason);
    }
    *is_told = ok;
    send_result_clear(&result);
    batch_clear(&batch);
    return ok;
}
