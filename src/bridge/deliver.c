#include "bridge/deliver.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/slice.h"
#include "sinks/batch_pack.h"

#include <stdlib.h>

/* An id of the batch and whose it is. */
struct id_place {
    const uint8_t *id16;
    size_t event;
};

/* By id, then in the order of the batch: the first of equal ones stays. */
static int compare_ids(const void *left, const void *right)
{
    const struct id_place *a = left;
    const struct id_place *b = right;
    int order = memcmp(a->id16, b->id16, ID16_SIZE);
    return order != 0 ? order : (a->event > b->event) - (a->event < b->event);
}

/* Marks the second and later events of one id: neighbouring pages may overlap. */
static void mark_repeats(const struct batch *batch, struct store_delivered *ids)
{
    struct id_place *sorted = mem_new(batch->count, sizeof(*sorted));
    for (size_t i = 0; i < batch->count; i++) {
        sorted[i] = (struct id_place){batch->events[i].id16, i};
    }
    qsort(sorted, batch->count, sizeof(*sorted), compare_ids);
    for (size_t i = 1; i < batch->count; i++) {
        if (memcmp(sorted[i - 1].id16, sorted[i].id16, ID16_SIZE) == 0) {
            ids[sorted[i].event].is_known = true;
        }
    }
    free(sorted);
}

static struct store_delivered *ids_of(const struct batch *batch)
{
    struct store_delivered *ids = mem_new(batch->count, sizeof(*ids));
    for (size_t i = 0; i < batch->count; i++) {
        ids[i].time_ms = batch->events[i].time_ms;
        memcpy(ids[i].id16, batch->events[i].id16, ID16_SIZE);
    }
    return ids;
}

static void drop_marked(struct batch *batch, const struct store_delivered *ids)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!ids[i].is_known) {
            batch->events[kept++] = batch->events[i];
        }
    }
    batch->known_count += batch->count - kept;
    batch->count = kept;
}

/* Removes from batch what was delivered before. */
static bool drop_known(struct worker *worker, struct source *source, struct batch *batch,
                       struct error *err)
{
    if (batch->count == 0 || config_slicing(source->config) == NULL) {
        return true; /* without slices, place alone says what is new */
    }
    struct store_delivered *ids = ids_of(batch);
    bool ok =
        worker->store_type->known(worker->store, &source->claim, ids, batch->count, err);
    if (ok) {
        mark_repeats(batch, ids);
        drop_marked(batch, ids);
    }
    free(ids);
    return ok;
}

static struct store_letter *letters_of(const struct batch *batch,
                                       const struct send_result *result)
{
    struct store_letter *letters = mem_new(result->refusal_count, sizeof(*letters));
    for (size_t i = 0; i < result->refusal_count; i++) {
        const struct refusal *refusal = &result->refusals[i];
        const struct batch_event *event = &batch->events[refusal->event];
        letters[i] = (struct store_letter){
            .event_id = batch_id(batch, event),
            .sink = refusal->sink->name,
            .reason = refusal->reason,
            .event = batch_text(batch, event, refusal->sink->format),
            .delivered = refusal->event,
        };
    }
    return letters;
}

/* The cursor as it is once the batch has been settled. Shares no place with from. */
static struct cursor cursor_after(const struct source *source, size_t finished_pages)
{
    struct cursor next = source->claim.cursor;
    const struct slicing *slicing = config_slicing(source->config);
    next.place = json_incref(next.place);
    if (finished_pages > 0 && slicing != NULL) {
        slice_finish(&next, slicing, finished_pages);
    }
    return next;
}

/* A batch on its way out. */
struct delivery {
    struct worker *worker;
    struct source *source;
    const struct batch *batch;
    struct cursor next;
    struct send_result result;
};

static bool send(struct delivery *delivery, struct error *err)
{
    const struct source *source = delivery->source;
    const struct send_routes routes = {source->routes, source->route_count};
    return send_batch(&routes, delivery->worker->runtime, delivery->batch,
                      &delivery->result, err);
}

static bool commit(struct delivery *delivery, struct error *err)
{
    struct worker *worker = delivery->worker;
    struct source *source = delivery->source;
    const struct batch *batch = delivery->batch;
    const struct send_result *result = &delivery->result;
    const struct cursor *next = &delivery->next;
    const struct slicing *slicing = config_slicing(source->config);
    struct store_delivered *ids = ids_of(batch);
    struct store_letter *letters = letters_of(batch, result);
    struct store_commit settled = {
        .cursor = next,
        .delivered = ids,
        .delivered_count = batch->count,
        .letters = letters,
        .letter_count = result->refusal_count,
        .now_ms = clock_now(&source->clock, worker->runtime),
        .forget_ms = slicing == NULL ? INT64_MIN : slice_sealed_ms(next, slicing),
        .keeps_ids = slicing != NULL,
    };
    int64_t began_ms = worker_monotonic_ms(worker);
    size_t expired = source->claim.letters_expired;
    bool ok = worker->store_type->commit(worker->store, &source->claim, &settled, err);
    meter_commit(worker_monotonic_ms(worker) - began_ms,
                 source->claim.letters_expired - expired);
    if (ok) {
        meter_batch(source, batch, result, settled.now_ms);
    }
    free(letters);
    free(ids);
    return ok;
}

/* Shown so late by the cloud that the last pass alone has found it. */
static bool is_late(const struct source *source, const struct batch_event *event)
{
    const struct slicing *slicing = config_slicing(source->config);
    const struct cursor *cursor = &source->claim.cursor;
    return slicing != NULL && slicing->passes > 1 && event->time_ms >= cursor->start_ms &&
           event->time_ms < cursor->mark_ms[slicing->passes - 2];
}

static void count(struct source *source, const struct batch *batch,
                  const struct send_result *result)
{
    struct source_counts *counts = &source->counts;
    counts->known += batch->known_count;
    counts->delivered += batch->count - result->refusal_count - result->unwanted_count;
    counts->duplicates += result->duplicate_count;
    counts->refused += result->refusal_count;
    counts->missed += result->missed_count;
    counts->unwanted += result->unwanted_count;
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];
        counts->mapped += event->principles != 0;
        counts->late += is_late(source, event);
        for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
            counts->by_principle[bit] += event->principles >> bit & 1;
        }
        if (event->time_ms > counts->newest_ms) {
            counts->newest_ms = event->time_ms;
        }
    }
}

static bool has_object_sink(const struct source *source)
{
    for (size_t i = 0; i < source->route_count; i++) {
        if (source->routes[i].sink->type->is_object) {
            return true;
        }
    }
    return false;
}

/*
 * A source that was never stored has no row to keep a batch for: where it begins is
 * stored first, and nothing of the slice, which is then read from its start.
 */
static bool commit_start(struct worker *worker, struct source *source, struct error *err)
{
    struct cursor here = source->claim.cursor;
    struct cursor begin = here;
    const struct store_commit start = {
        .cursor = &begin,
        .now_ms = clock_now(&source->clock, worker->runtime),
        .forget_ms = INT64_MIN,
        .keeps_ids = true,
    };
    json_incref(here.place);
    begin.is_open = false;
    begin.place = NULL;
    bool ok = worker->store_type->commit(worker->store, &source->claim, &start, err);
    json_decref(source->claim.cursor.place);
    source->claim.cursor = here;
    return ok;
}

/* Keeps the batch before it goes where its bytes are its name. */
static bool stage(const struct delivery *delivery, struct error *err)
{
    struct worker *worker = delivery->worker;
    struct source *source = delivery->source;
    if (delivery->batch->count == 0 || !has_object_sink(source)) {
        return true;
    }
    if (source->claim.is_new && !commit_start(worker, source, err)) {
        return false;
    }
    struct buf packed;
    buf_init(&packed, SIZE_MAX / 2);
    batch_pack(delivery->batch, &packed);
    bool ok =
        worker->store_type->stage(worker->store, &source->claim, buf_bytes(&packed), err);
    source->meter.outbox_bytes = (int64_t)packed.size;
    buf_clear(&packed);
    return ok;
}

#ifndef BRIDGE_TEST_COMMIT_FIRST
/* Nothing is committed that a required sink has not acknowledged. */
static bool settle(struct delivery *delivery, struct error *err)
{
    return stage(delivery, err) && send(delivery, err) && commit(delivery, err);
}
#else
/* Wrong on purpose: proves that the kill suite finds what this order loses. */
static bool settle(struct delivery *delivery, struct error *err)
{
    return stage(delivery, err) && commit(delivery, err) && send(delivery, err);
}
#endif

/* Sends and commits; the cursor moves with it. */
static bool settle_batch(struct delivery *delivery, struct error *err)
{
    struct source *source = delivery->source;
    bool ok = settle(delivery, err);
    if (ok) {
        count(source, delivery->batch, &delivery->result);
        json_decref(source->claim.cursor.place);
        source->claim.cursor = delivery->next;
        source->meter.head_ms = delivery->next.mark_ms[0];
        source->meter.delivered = source->counts.delivered;
        source->meter.outbox_bytes = 0;
    } else {
        json_decref(delivery->next.place);
    }
    send_result_clear(&delivery->result);
    return ok;
}

bool deliver_batch(struct worker *worker, struct source *source, struct batch *batch,
                   size_t finished_pages, struct error *err)
{
    if (!drop_known(worker, source, batch, err)) {
        return false;
    }
    struct delivery delivery = {
        .worker = worker,
        .source = source,
        .batch = batch,
        .next = cursor_after(source, finished_pages),
    };
    return settle_batch(&delivery, err);
}

bool deliver_staged(struct worker *worker, struct source *source, struct error *err)
{
    struct buf packed;
    struct batch batch;
    if (source->claim.is_new || !has_object_sink(source)) {
        return true;
    }
    buf_init(&packed, SIZE_MAX / 2);
    batch_init(&batch, source->name);
    batch.provider = source->config->provider->name;
    bool ok = worker->store_type->staged(worker->store, &source->claim, &packed, err);
    source->meter.outbox_bytes = (int64_t)packed.size;
    if (ok && packed.size > 0) {
        struct delivery delivery = {
            .worker = worker,
            .source = source,
            .batch = &batch,
            .next = cursor_after(source, 0),
        };
        ok = batch_unpack(buf_bytes(&packed), &batch)
                 ? settle_batch(&delivery, err)
                 : error_set(err, ERROR_STATE,
                             "the batch kept for %s is unreadable: was the state file "
                             "written by a newer version?",
                             source->name);
    }
    batch_clear(&batch);
    buf_clear(&packed);
    return ok;
}
