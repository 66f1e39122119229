#include "bridge/backfill.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/inspect.h"

#include <string.h>

/* To the second, as names in the store are for people too. */
static void write_time(int64_t ms, char text[TIMESTAMP_TEXT_SIZE])
{
    timestamp_format(ms, text);
    char *dot = strchr(text, '.');
    if (dot != NULL && ms % MS_PER_SECOND == 0) {
        memcpy(dot, "Z", sizeof("Z"));
    }
}

char *backfill_key(const struct backfill *backfill, const char *name)
{
    char from[TIMESTAMP_TEXT_SIZE];
    char to[TIMESTAMP_TEXT_SIZE];
    write_time(backfill->from_ms, from);
    write_time(backfill->to_ms, to);
    return mem_format("%s~%s~%s", name, from, to);
}

bool backfill_is_possible(const struct provider *provider)
{
    return provider->slicing != NULL;
}

struct slice_plan backfill_plan(const struct backfill *backfill, struct cursor *cursor,
                                const struct slicing *slicing,
                                const struct slice_moment *moment)
{
    struct slice_plan plan = slice_plan_until(cursor, slicing, moment, backfill->to_ms);
    bool is_first = cursor->mark_ms[0] == cursor->start_ms && moment->is_dated;
    int64_t lost_ms = cursor->start_ms - backfill->from_ms;
    if (is_first && lost_ms >= slicing->grain_ms && plan.gap_count == 0) {
        int64_t to_ms =
            cursor->start_ms < backfill->to_ms ? cursor->start_ms : backfill->to_ms;
        plan.gaps[plan.gap_count++] =
            (struct store_gap){backfill->from_ms, to_ms, "older than the cloud keeps"};
    }
    return plan;
}

bool backfill_begin(struct worker *worker, struct source *source, struct error *err)
{
    const struct backfill *backfill = worker->backfill;
    struct claim *claim = &source->claim;
    if (claim->is_new || claim->cursor.mark_ms[0] < backfill->to_ms) {
        return true;
    }
    struct cursor cursor = {0};
    int64_t now_ms = clock_now(&source->clock, worker->runtime);
    slice_start(&cursor, config_slicing(source->config), now_ms,
                now_ms - backfill->from_ms);
    const struct store_placement placement = {.cursor = &cursor, .forget_ms = 0};
    if (!worker->store_type->inspect->place(worker->store, claim, &placement, err)) {
        return false;
    }
    slice_forget(&claim->cursor);
    claim->cursor = cursor;
    return true;
}
