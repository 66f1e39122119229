#include "bridge/dispatch.h"

#include "base/log.h"

#include <string.h>

void dispatch_begin(struct dispatch *dispatch, const struct runtime *runtime,
                    const struct source *model, bool *has_failed)
{
    *dispatch =
        (struct dispatch){.runtime = runtime, .model = model, .has_failed = has_failed};
    batch_init(&dispatch->batch, dispatch->model->name);
    buf_init(&dispatch->id, EVENT_ID_ROOM);
}

static void fail_all(struct dispatch *dispatch)
{
    for (size_t i = 0; i < dispatch->batch.count; i++) {
        dispatch->has_failed[dispatch->owners[i]] = true;
    }
}

/* It stays untold, and is told again: a mended platform then gets it. */
static void fail_refused(struct dispatch *dispatch, const struct send_result *result)
{
    for (size_t i = 0; i < result->refusal_count; i++) {
        const struct refusal *refusal = &result->refusals[i];
        const struct batch_event *event = &dispatch->batch.events[refusal->event];
        dispatch->has_failed[dispatch->owners[refusal->event]] = true;
        log_write_take(LOG_ERROR, LOG_NOTICE_REFUSED, NULL,
                       json_pack("{s:s,s:s,s:s}", "sink", refusal->sink->name, "id",
                                 batch_id(&dispatch->batch, event), "reason",
                                 refusal->reason));
    }
}

static void send(struct dispatch *dispatch)
{
    const struct send_routes routes = {dispatch->model->routes,
                                       dispatch->model->route_count};
    struct send_result result = {0};
    dispatch->batch.deadline_ms = dispatch->deadline_ms;
    if (send_batch(&routes, dispatch->runtime, &dispatch->batch, &result,
                   &dispatch->error)) {
        fail_refused(dispatch, &result);
    } else {
        fail_all(dispatch);
    }
    send_result_clear(&result);
    batch_clear(&dispatch->batch);
    batch_init(&dispatch->batch, dispatch->model->name);
}

/* Appends notice in each format that the sinks want. */
static bool write_texts(struct dispatch *dispatch, const struct source *source,
                        const struct notice *notice, struct batch_event *event)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        struct buf *body = &dispatch->batch.bodies[i];
        event->text[i].at = body->size;
        if (dispatch->model->formats[i] &&
            !notice_write((enum event_format)i, &source->origin, notice, &dispatch->id,
                          body)) {
            return false;
        }
        event->text[i].size = body->size - event->text[i].at;
    }
    return true;
}

void dispatch_add(struct dispatch *dispatch, size_t owner, const struct source *source,
                  const struct notice *notice)
{
    uint8_t digest[DIGEST_SIZE];
    if (dispatch->error.kind != ERROR_NONE) {
        dispatch->has_failed[owner] = true;
        return;
    }
    struct batch_event *event = batch_add(&dispatch->batch);
    dispatch->owners[dispatch->batch.count - 1] = owner;
    event->time_ms = notice->time_ms;
    event->principles = principle_bit(principle_find("7a"));
    event->is_own = true;
    event->id_at = dispatch->batch.ids.size;
    if (!write_texts(dispatch, source, notice, event) ||
        !buf_add_bytes(&dispatch->batch.ids, buf_bytes(&dispatch->id)) ||
        !buf_add_byte(&dispatch->batch.ids, '\0')) {
        dispatch->batch
            .count--; /* never so full: BATCH_EVENTS_MAX notices are far smaller */
        dispatch->has_failed[owner] = true;
        return;
    }
    digest_sha256(buf_bytes(&dispatch->id), digest);
    memcpy(event->id16, digest, ID16_SIZE);
    if (dispatch->batch.count == BATCH_EVENTS_MAX) {
        send(dispatch);
    }
}

bool dispatch_end(struct dispatch *dispatch, struct error *err)
{
    if (dispatch->error.kind == ERROR_NONE && dispatch->batch.count > 0) {
        send(dispatch);
    }
    batch_clear(&dispatch->batch);
    buf_clear(&dispatch->id);
    if (dispatch->error.kind != ERROR_NONE) {
        *err = dispatch->error;
        return false;
    }
    return true;
}
