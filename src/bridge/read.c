#include "bridge/read.h"

#include "base/log.h"
#include "base/timestamp.h"
#include "bridge/deliver.h"
#include "bridge/slice.h"

bool read_note_gaps(struct turn *turn, const struct slice_plan *plan, struct error *err)
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
        if (worker->backfill == NULL && /* else it is no gap of the source's own */
            !worker->store_type->ledger->gap(worker->store, &turn->source->claim, gap,
                                             err)) {
            return false;
        }
        if (worker->backfill == NULL) {
            meter_gap(turn->source, gap, worker->runtime);
        }
    }
    return true;
}

/* Of a start that was given, what lies before the one that the cloud still allows. */
static bool note_late_start(struct turn *turn, struct error *err)
{
    const struct source *source = turn->source;
    const json_t *wanted = json_object_get(source->settings, "start_ms");
    int64_t start_ms = source->claim.cursor.start_ms;
    struct slice_plan plan = {0};
    if (wanted != NULL && turn->worker->backfill == NULL &&
        json_integer_value(wanted) < start_ms) {
        plan.gaps[plan.gap_count++] = (struct store_gap){
            json_integer_value(wanted), start_ms, "older than the cloud keeps"};
    }
    return read_note_gaps(turn, &plan, err);
}

/*
 * The first answer told the cloud's time: a new source starts from that, not from
 * this machine's clock, and its start is stored before anything else.
 */
static bool start_source(struct turn *turn, struct error *err)
{
    struct source *source = turn->source;
    struct batch nothing;
    int64_t now_ms = clock_now(&source->clock, turn->worker->runtime);
    slice_start(&source->claim.cursor, config_slicing(source->config), now_ms,
                worker_lookback_ms(turn->worker, source, now_ms));
    batch_init(&nothing, source->name);
    if (!note_late_start(turn, err) ||
        !deliver_batch(turn->worker, source, &nothing, 0, err)) {
        return false;
    }
    source->claim.is_new = false;
    return true;
}

/* This machine's clock is so wrong that what was planned by it is not worth reading. */
static bool is_misled(const struct turn *turn, int64_t date_ms)
{
    int64_t now = clock_now(&turn->source->clock, turn->worker->runtime);
    int64_t off_ms = date_ms > now ? date_ms - now : now - date_ms;
    return turn->is_guessed && date_ms != 0 && off_ms > MS_PER_MINUTE;
}

/* What an answer's date says about the slice; false in *is_kept: plan it again. */
static bool date_slice(struct turn *turn, int64_t date_ms, bool *is_kept,
                       struct error *err)
{
    struct source *source = turn->source;
    struct cursor *cursor = &source->claim.cursor;
    const struct slicing *slicing = config_slicing(source->config);
    bool was_misled = is_misled(turn, date_ms);
    clock_told(&source->clock, turn->worker->runtime, date_ms);
    turn->is_guessed = false;
    *is_kept = true;
    if (slicing == NULL) {
        return true;
    }
    if (source->claim.is_new) {
        *is_kept = false;
        return start_source(turn, err);
    }
    if (was_misled) {
        char date[TIMESTAMP_TEXT_SIZE];
        timestamp_format(date_ms, date);
        log_write_take(LOG_WARN, LOG_SOURCE_CLOCK, source->name,
                       json_pack("{s:s}", "cloud_time", date));
        *is_kept = false;
        slice_forget(cursor);
        return true;
    }
    *is_kept = date_ms == 0 || slice_dated(cursor, slicing, date_ms);
    return true;
}

/* Asks for a page. A refusal that tells how wrong our clock is counts as an answer. */
static bool poll_page(struct turn *turn, struct page *page, struct error *err)
{
    struct source *source = turn->source;
    const struct provider *provider = source->config->provider;
    struct cursor *cursor = &source->claim.cursor;
    const struct slice *slice = provider->slicing == NULL ? NULL : &cursor->slice;

    source->counts.requests++;
    bool ok = provider->poll(source->session, slice, cursor->place, page, err);
    meter_request(source, ok ? ERROR_NONE : err->kind);
    if (page->allowed_per_second > 0) {
        source->allowed_per_second = page->allowed_per_second;
    }
    if (ok) {
        return true;
    }
    if (!is_misled(turn, page->date_ms)) {
        source->is_denied = err->kind == ERROR_DENIED;
        return false;
    }
    *err = (struct error){0};
    return true;
}

bool read_page(struct turn *turn, struct batch *batch, bool *is_done, bool *is_kept,
               struct error *err)
{
    struct source *source = turn->source;
    struct cursor *cursor = &source->claim.cursor;
    const struct provider *provider = source->config->provider;
    const struct runtime *runtime = turn->worker->runtime;
    struct page page = {0};
    bool ok = false;

    if (!poll_page(turn, &page, err)) {
        goto out;
    }
    turn->pages++;
    turn->slice_pages++;
    if (!date_slice(turn, page.date_ms, is_kept, err)) {
        goto out;
    }
    if (*is_kept) {
        /* Who asked is known for sure only now that he was answered. */
        source->origin.self =
            provider->self == NULL ? NULL : provider->self(source->session);
        turn->worker->reader.late_ms = cursor->slice.b_ms;
        turn->worker->reader.observed_ms = clock_now(&source->clock, runtime);
        if (!page_map(&turn->worker->reader, source, &page, batch, err)) {
            goto out;
        }
        json_decref(cursor->place);
        cursor->place = page.place;
        page.place = NULL;
        *is_done = page.done;
    }
    ok = true;

out:
    page_clear(&page);
    return ok;
}
