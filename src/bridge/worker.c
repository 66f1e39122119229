#include "bridge/worker.h"

#include "base/log.h"
#include "base/timestamp.h"
#include "bridge/backfill.h"
#include "bridge/deliver.h"
#include "bridge/denials.h"
#include "bridge/queue.h"
#include "bridge/read.h"
#include "bridge/slice.h"

#include <stdatomic.h>

enum {
    PATIENCE_MS = 5000, /* longer, a thread does not wait for the request budget */
    HURRY_MS = 50,      /* nor so long, with nothing read yet and others waiting */
};

int64_t worker_monotonic_ms(const struct worker *worker)
{
    return worker->runtime->monotonic_ms(worker->runtime->context);
}

static bool is_over(const struct turn *turn)
{
    const struct runtime *runtime = turn->worker->runtime;
    int64_t now = worker_monotonic_ms(turn->worker);
    return turn->pages >= WORKER_TURN_PAGES || now - turn->began_ms >= WORKER_TURN_MS ||
           turn->rest_ms > 0 ||
           (turn->worker->stop_ms != 0 && now >= turn->worker->stop_ms) ||
           !runtime->wait(runtime->context, 0, NULL);
}

/* The time that plans are made for: of `run --once`, its start. */
static int64_t plan_ms(const struct turn *turn)
{
    const struct worker *worker = turn->worker;
    return worker->is_once
               ? clock_at(&turn->source->clock, worker->runtime, worker->start_ms)
               : clock_now(&turn->source->clock, worker->runtime);
}

/* Opens the slice to read next; *is_due false when there is none yet. */
static bool plan(struct turn *turn, bool *is_due, struct error *err)
{
    struct source *source = turn->source;
    const struct slicing *slicing = config_slicing(source->config);
    if (slicing == NULL) {
        *is_due = true;
        return true;
    }
    bool was_open = source->claim.cursor.is_open;
    struct slice_moment moment = {
        .now_ms = plan_ms(turn),
        .is_dated = source->clock.is_known || source->clock.is_silent,
        .every_ms = source->config->every_ms,
        .id_count = turn->id_count,
        .budget_used = ratelimit_used(turn->worker->ratelimit, source->quota_key,
                                      worker_monotonic_ms(turn->worker)),
    };
    const struct backfill *backfill = turn->worker->backfill;
    struct cursor *cursor = &source->claim.cursor;
    struct slice_plan decided = backfill == NULL
                                    ? slice_plan(cursor, slicing, &moment)
                                    : backfill_plan(backfill, cursor, slicing, &moment);
    *is_due = decided.is_due;
    if (!decided.is_due) {
        source->due_ms =
            worker_monotonic_ms(turn->worker) + decided.due_ms - plan_ms(turn);
    }
    if (!was_open) {
        turn->slice_pages = 0;
        turn->is_guessed = !source->clock.is_known;
    }
    return read_note_gaps(turn, &decided, err);
}

/* What is open and half read, this thread may as well go on with. */
static int64_t patience_of(const struct turn *turn, const struct batch *batch)
{
    bool is_under_way = batch->count > 0 || turn->slice_pages > 0;
    struct queue *queue = turn->worker->queue;
    return !is_under_way && queue != NULL && queue_is_wanted(queue) ? HURRY_MS
                                                                    : PATIENCE_MS;
}

/* What was configured, else what the cloud last said, else what it usually allows. */
static double per_second(const struct source *source)
{
    const json_t *set = json_object_get(source->settings, "requests_per_second");
    if (set != NULL) {
        return json_number_value(set);
    }
    return source->allowed_per_second > 0 ? source->allowed_per_second
                                          : source->config->provider->quota.per_second;
}

/* Waits until a request may be sent; when that is long, the turn is over instead. */
static bool wait_for_budget(struct turn *turn, const struct batch *batch,
                            struct error *err)
{
    const struct worker *worker = turn->worker;
    const struct quota *quota = &turn->source->config->provider->quota;
    const struct ratelimit_budget budget = {
        .per_second = per_second(turn->source),
        .burst = quota->burst,
        .patience_ms = patience_of(turn, batch),
    };
    int64_t wait = ratelimit_take(worker->ratelimit, turn->source->quota_key, &budget,
                                  worker_monotonic_ms(worker));
    if (wait > budget.patience_ms) {
        turn->rest_ms = wait;
        return true;
    }
    return wait == 0 || worker->runtime->wait(worker->runtime->context, wait, err);
}

static bool is_full(const struct batch *batch)
{
    return batch->record_bytes >= BATCH_BYTES_MAX || batch->count >= BATCH_EVENTS_MAX;
}

static bool narrow(struct turn *turn, struct error *err)
{
    struct cursor *cursor = &turn->source->claim.cursor;
    const struct slicing *slicing = config_slicing(turn->source->config);
    if (slicing == NULL || !slice_narrow(cursor, slicing)) {
        return false;
    }
    log_write_take(LOG_INFO, LOG_SLICE_NARROWED, turn->source->name,
                   json_pack("{s:s}", "cause", err->text));
    *err = (struct error){0};
    turn->slice_pages = 0;
    return true;
}

static void begin_batch(const struct turn *turn, struct batch *batch)
{
    batch_init(batch, turn->source->name);
    batch->provider = turn->source->config->provider->name;
}

/* Deals with a page that failed; false when its slice cannot go on now. */
static bool survive(struct turn *turn, struct error *err)
{
    if (err->kind == ERROR_BUSY) {
        ratelimit_throttled(turn->worker->ratelimit, turn->source->quota_key,
                            worker_monotonic_ms(turn->worker));
    }
    return err->kind == ERROR_TOO_BIG && narrow(turn, err);
}

/*
 * Reads pages until the batch is full or the slice ends. What was read before a
 * failure is still in batch: it is delivered first, then the failure counts.
 */
static bool fill_batch(struct turn *turn, struct batch *batch, bool *is_done,
                       struct error *err)
{
    bool is_kept = true;
    *is_done = false;
    while (!*is_done && !is_full(batch) && !is_over(turn)) {
        if (!wait_for_budget(turn, batch, err)) {
            return false;
        }
        if (turn->rest_ms > 0) {
            return true;
        }
        if (!read_page(turn, batch, is_done, &is_kept, err) && !survive(turn, err)) {
            return false;
        }
        if (!is_kept) {
            batch_clear(batch);
            begin_batch(turn, batch);
            return true;
        }
    }
    return true;
}

/* The next batch of an open slice: read, delivered, committed. */
static bool run_batch(struct turn *turn, bool *is_done, struct error *err)
{
    struct batch batch;
    begin_batch(turn, &batch);
    struct error cause = {0};
    size_t pages_before = turn->slice_pages;
    bool filled = fill_batch(turn, &batch, is_done, &cause);
    bool is_progress = batch.count > 0 || *is_done || turn->slice_pages > pages_before;
    bool delivered = !is_progress || deliver_batch(turn->worker, turn->source, &batch,
                                                   *is_done ? turn->slice_pages : 0, err);
    batch_clear(&batch);
    if (delivered && !filled) {
        *err = cause;
    }
    return delivered && filled;
}

static bool count_ids(struct turn *turn, struct error *err)
{
    struct worker *worker = turn->worker;
    if (config_slicing(turn->source->config) == NULL) {
        return true;
    }
    return worker->store_type->id_count(worker->store, &turn->source->claim,
                                        &turn->id_count, err);
}

/* Runs slices until nothing is due or the turn is over. */
static bool run_slices(struct turn *turn, struct error *err)
{
    struct source *source = turn->source;
    for (;;) {
        bool is_due = false;
        bool is_done = false;
        if (is_over(turn)) {
            source->end = SOURCE_PAUSED;
            source->due_ms = worker_monotonic_ms(turn->worker) + turn->rest_ms;
            return true;
        }
        if (!count_ids(turn, err) || !plan(turn, &is_due, err)) {
            return false;
        }
        if (is_due && !run_batch(turn, &is_done, err)) {
            return false;
        }
        bool has_ended = config_slicing(source->config) == NULL && is_done;
        if (!is_due || has_ended) {
            source->end = SOURCE_DONE;
            source->due_ms =
                has_ended ? worker_monotonic_ms(turn->worker) + source->config->every_ms
                          : source->due_ms;
            return true;
        }
    }
}

/* How long a source that failed rests, unless the cloud said. */
static int64_t rest_ms(const struct source *source)
{
    return source->error.retry_after_ms > source->config->every_ms
               ? source->error.retry_after_ms
               : source->config->every_ms;
}

void worker_refused(struct worker *worker, struct source *source)
{
    enum error_kind kind = source->error.kind;
    source->due_ms = worker_monotonic_ms(worker) + rest_ms(source);
    if (kind == ERROR_STOPPED) {
        source->end = SOURCE_PAUSED;
        return;
    }
    if (source->claim.source == NULL && kind == ERROR_BUSY) {
        source->end = SOURCE_HELD; /* not a failure: another run reads it */
        return;
    }
    if (kind == ERROR_LOST) { /* it reads on from where the store says */
        source->end = SOURCE_HELD;
        claim_clear(&source->claim);
        log_write_take(LOG_WARN, LOG_LEASE_LOST, source->name, NULL);
        return;
    }
    source->end = SOURCE_FAILED;
    bool is_told = kind != ERROR_DENIED ||
                   denials_tell(worker->denials, source, worker_monotonic_ms(worker));
    log_write_take(is_told ? LOG_ERROR : LOG_DEBUG, LOG_SOURCE_FAILED, source->name,
                   json_pack("{s:s,s:s}", "kind", error_kind_name(kind), "error",
                             source->error.text));
}

int64_t worker_lookback_ms(const struct worker *worker, const struct source *source,
                           int64_t now_ms)
{
    const json_t *start = json_object_get(source->settings, "start_ms");
    const json_t *since = json_object_get(source->settings, "since_ms");
    int64_t lookback_ms = source->config->lookback_ms;
    if (worker->backfill != NULL) {
        return now_ms - worker->backfill->from_ms;
    }
    if (start != NULL) { /* a part of another source, which had come to there */
        return now_ms - json_integer_value(start);
    }
    int64_t waited_ms = since == NULL ? 0 : now_ms - json_integer_value(since);
    return waited_ms > lookback_ms ? waited_ms : lookback_ms;
}

/* A new source starts where this machine's clock says, until an answer knows better. */
static bool start_cursor(struct turn *turn, struct error *err)
{
    struct source *source = turn->source;
    const struct slicing *slicing = config_slicing(source->config);
    if (turn->worker->backfill != NULL && source->end == SOURCE_IDLE &&
        !backfill_begin(turn->worker, source, err)) {
        return false;
    }
    if (source->claim.is_new && slicing != NULL) {
        int64_t now_ms = clock_now(&source->clock, turn->worker->runtime);
        slice_start(&source->claim.cursor, slicing, now_ms,
                    worker_lookback_ms(turn->worker, source, now_ms));
    }
    if (slicing != NULL) {
        source->meter.head_ms = source->claim.cursor.mark_ms[0];
    }
    return true;
}

/* Discovery may have changed which names a source is of. */
static void take_found(struct source *source)
{
    json_t *found = atomic_exchange(&source->found, NULL);
    if (found != NULL) {
        json_decref(source->settings);
        source->settings = found;
        source->origin.account = json_string_value(json_object_get(found, "account"));
    }
}

static bool open_session(struct turn *turn, struct error *err)
{
    struct source *source = turn->source;
    const struct provider *provider = source->config->provider;
    source->is_denied = false;
    take_found(source);
    if (!provider->open(source->settings, turn->worker->runtime, &source->session, err)) {
        source->is_denied = err->kind == ERROR_DENIED;
        return false;
    }
    return true;
}

void worker_run(struct worker *worker, struct source *source)
{
    const struct provider *provider = source->config->provider;
    struct turn turn = {
        .worker = worker, .source = source, .began_ms = worker_monotonic_ms(worker)};
    source->error = (struct error){0};
    source->meter.began_ms = turn.began_ms;
    if (!start_cursor(&turn, &source->error) || !open_session(&turn, &source->error) ||
        !deliver_staged(worker, source, &source->error) ||
        !run_slices(&turn, &source->error)) {
        worker_refused(worker, source);
    }
    source->origin.self = NULL; /* the session's */
    provider->close(source->session);
    source->session = NULL;
    source->meter.began_ms = 0;
}
