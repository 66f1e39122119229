#include "bridge/worker.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/deliver.h"
#include "bridge/notices.h"
#include "bridge/read.h"
#include "bridge/slice.h"

#include <inttypes.h>

int64_t worker_monotonic_ms(const struct worker *worker)
{
    return worker->runtime->monotonic_ms(worker->runtime->context);
}

static bool is_over(const struct turn *turn)
{
    const struct runtime *runtime = turn->worker->runtime;
    int64_t now = worker_monotonic_ms(turn->worker);
    return turn->pages >= WORKER_TURN_PAGES || now - turn->began_ms >= WORKER_TURN_MS ||
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

static bool note_gaps(struct turn *turn, const struct slice_plan *plan, struct error *err)
{
    struct worker *worker = turn->worker;
    for (size_t i = 0; i < plan->gap_count; i++) {
        const struct store_gap *gap = &plan->gaps[i];
        char from[TIMESTAMP_TEXT_SIZE];
        char to[TIMESTAMP_TEXT_SIZE];
        timestamp_format(gap->from_ms, from);
        timestamp_format(gap->to_ms, to);
        log_write_take(
            LOG_ERROR, LOG_SOURCE_GAP, turn->source->name,
            json_pack("{s:s,s:s,s:s}", "from", from, "to", to, "reason", gap->reason));
        if (!notices_note_gap(worker, turn->source, gap, err) ||
            !worker->store_type->gap(worker->store, &turn->source->claim, gap, err)) {
            return false;
        }
    }
    return true;
}

/* Opens the slice to read next; *is_due false when there is none yet. */
static bool plan(struct turn *turn, bool *is_due, struct error *err)
{
    struct source *source = turn->source;
    const struct slicing *slicing = source->config->provider->slicing;
    if (slicing == NULL) {
        *is_due = true;
        return true;
    }
    bool was_open = source->claim.cursor.is_open;
    struct slice_moment moment = {
        .now_ms = plan_ms(turn),
        .is_dated = source->clock.is_known,
        .every_ms = source->config->every_ms,
        .id_count = turn->id_count,
        .budget_used = ratelimit_used(turn->worker->ratelimit, source->quota_key,
                                      worker_monotonic_ms(turn->worker)),
    };
    struct slice_plan decided = slice_plan(&source->claim.cursor, slicing, &moment);
    *is_due = decided.is_due;
    if (!decided.is_due) {
        source->due_ms =
            worker_monotonic_ms(turn->worker) + decided.due_ms - plan_ms(turn);
    }
    if (!was_open) {
        turn->slice_pages = 0;
        turn->is_guessed = !source->clock.is_known;
    }
    return note_gaps(turn, &decided, err);
}

static bool wait_for_budget(struct turn *turn, struct error *err)
{
    const struct worker *worker = turn->worker;
    const struct quota *quota = &turn->source->config->provider->quota;
    const json_t *allowed =
        json_object_get(turn->source->settings, "requests_per_second");
    double per_second =
        allowed == NULL ? quota->per_second : (double)json_integer_value(allowed);
    int64_t wait = ratelimit_take(worker->ratelimit, turn->source->quota_key, per_second,
                                  quota->burst, worker_monotonic_ms(worker));
    return wait <= 0 || worker->runtime->wait(worker->runtime->context, wait, err);
}

static bool is_full(const struct batch *batch)
{
    return batch->record_bytes >= BATCH_BYTES_MAX || batch->count >= BATCH_EVENTS_MAX;
}

static bool narrow(struct turn *turn, struct error *err)
{
    struct cursor *cursor = &turn->source->claim.cursor;
    const struct slicing *slicing = turn->source->config->provider->slicing;
    if (slicing == NULL || !slice_narrow(cursor, slicing)) {
        return false;
    }
    log_write_take(LOG_INFO, LOG_SLICE_NARROWED, turn->source->name,
                   json_pack("{s:s}", "cause", err->text));
    *err = (struct error){0};
    turn->slice_pages = 0;
    return true;
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

/* Keeps the leases alive, before they are a sixth through. */
static bool heartbeat(struct worker *worker, struct error *err)
{
    int64_t now = worker_monotonic_ms(worker);
    if (now - worker->renewed_ms < STORE_HEARTBEAT_MS) {
        return true;
    }
    worker->renewed_ms = now;
    return worker->store_type->renew(worker->store, err);
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
        if (!heartbeat(turn->worker, err) || !wait_for_budget(turn, err)) {
            return false;
        }
        if (!read_page(turn, batch, is_done, &is_kept, err) && !survive(turn, err)) {
            return false;
        }
        if (!is_kept) {
            batch_clear(batch);
            batch_init(batch, turn->source->name);
            return true;
        }
    }
    return true;
}

/* The next batch of an open slice: read, delivered, committed. */
static bool run_batch(struct turn *turn, bool *is_done, struct error *err)
{
    struct batch batch;
    batch_init(&batch, turn->source->name);
    struct error cause = {0};
    bool filled = fill_batch(turn, &batch, is_done, &cause);
    bool is_progress = batch.count > 0 || *is_done;
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
    if (turn->source->config->provider->slicing == NULL) {
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
            source->due_ms = worker_monotonic_ms(turn->worker);
            return true;
        }
        if (!count_ids(turn, err) || !plan(turn, &is_due, err)) {
            return false;
        }
        if (is_due && !run_batch(turn, &is_done, err)) {
            return false;
        }
        bool has_ended = source->config->provider->slicing == NULL && is_done;
        if (!is_due || has_ended) {
            source->end = SOURCE_DONE;
            source->due_ms =
                has_ended ? worker_monotonic_ms(turn->worker) + source->config->every_ms
                          : source->due_ms;
            return true;
        }
    }
}

static bool claim_source(struct turn *turn, struct error *err)
{
    struct source *source = turn->source;
    const struct slicing *slicing = source->config->provider->slicing;
    claim_clear(&source->claim);
    if (!turn->worker->store_type->claim(turn->worker->store, source->name,
                                         &source->claim, err)) {
        return false;
    }
    if (source->claim.is_new && slicing != NULL) {
        slice_start(&source->claim.cursor, slicing,
                    clock_now(&source->clock, turn->worker->runtime),
                    source->config->lookback_ms);
    }
    return true;
}

static void release_source(struct turn *turn)
{
    struct source *source = turn->source;
    int64_t wait = source->due_ms - worker_monotonic_ms(turn->worker);
    turn->worker->store_type->release(
        turn->worker->store, &source->claim,
        turn->worker->runtime->now_ms(turn->worker->runtime->context) + wait, NULL);
}

/* How long a source that failed rests, unless the cloud said. */
static int64_t rest_ms(const struct source *source)
{
    return source->error.retry_after_ms > source->config->every_ms
               ? source->error.retry_after_ms
               : source->config->every_ms;
}

static void note_failure(struct turn *turn)
{
    struct source *source = turn->source;
    source->due_ms = worker_monotonic_ms(turn->worker) + rest_ms(source);
    if (source->error.kind == ERROR_STOPPED) {
        source->end = SOURCE_PAUSED;
        return;
    }
    source->end = SOURCE_FAILED;
    log_write_take(LOG_ERROR, LOG_SOURCE_FAILED, source->name,
                   json_pack("{s:s,s:s}", "kind", error_kind_name(source->error.kind),
                             "error", source->error.text));
}

static bool open_session(struct turn *turn, struct error *err)
{
    struct source *source = turn->source;
    if (source->session != NULL ||
        source->config->provider->open(source->settings, turn->worker->runtime,
                                       &source->session, err)) {
        return true;
    }
    source->is_denied = err->kind == ERROR_DENIED;
    return false;
}

void worker_run(struct worker *worker, struct source *source)
{
    struct turn turn = {
        .worker = worker, .source = source, .began_ms = worker_monotonic_ms(worker)};
    source->error = (struct error){0};
    source->is_denied = false;

    if (!claim_source(&turn, &source->error)) {
        note_failure(&turn);
        if (source->error.kind == ERROR_BUSY) { /* not a failure: another run reads it */
            source->end = SOURCE_HELD;
        }
        return;
    }
    if (!open_session(&turn, &source->error) || !run_slices(&turn, &source->error)) {
        note_failure(&turn);
    }
    release_source(&turn);
}
