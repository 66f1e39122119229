#include "bridge/slice.h"

#include "base/timestamp.h"

/* What is older than retention less an hour is treated as gone: reading takes time. */
static const int64_t margin_ms = MS_PER_HOUR;
static const int64_t last_ms = INT64_C(253402300799999); /* the end of year 9999 */

static int64_t min_of(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t max_of(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

/* A time that can be added to and taken from without overflow, whatever a clock said. */
static int64_t in_time(int64_t ms)
{
    return max_of(0, min_of(ms, last_ms));
}

static int64_t grain_of(const struct slicing *slicing)
{
    return max_of(1, slicing->grain_ms);
}

static int64_t round_down(int64_t ms, int64_t grain_ms)
{
    return max_of(0, ms - ms % grain_ms);
}

static int64_t round_up(int64_t ms, int64_t grain_ms)
{
    return round_down(ms + grain_ms - 1, grain_ms);
}

static size_t last_pass(const struct slicing *slicing)
{
    return slicing->passes == 0 ? 0 : slicing->passes - 1;
}

/* The oldest time that can still be read; 0 when everything can. */
static int64_t floor_of(const struct slicing *slicing, int64_t now_ms)
{
    int64_t kept_ms = in_time(slicing->retention_ms) - margin_ms;
    return round_up(max_of(0, now_ms - kept_ms), grain_of(slicing));
}

/* Where a new source may start: far enough in to be read before it is gone. */
static int64_t first_of(const struct slicing *slicing, int64_t now_ms)
{
    int64_t floor_ms = floor_of(slicing, now_ms);
    return floor_ms == 0 ? 0 : floor_ms + margin_ms;
}

/* Read past the edge of what is kept, a slice would look empty and whole. */
static bool is_past_edge(const struct slice *slice, const struct slicing *slicing,
                         int64_t now_ms)
{
    return slice->a_ms < floor_of(slicing, now_ms) - margin_ms / 2;
}

void slice_forget(struct cursor *cursor)
{
    json_decref(cursor->place);
    cursor->place = NULL;
    cursor->is_open = false;
    cursor->slice = (struct slice){0};
}

static void put_start(struct cursor *cursor, int64_t start_ms)
{
    cursor->start_ms = start_ms;
    for (size_t i = 0; i < SLICE_PASSES; i++) {
        cursor->mark_ms[i] = start_ms;
    }
}

void slice_start(struct cursor *cursor, const struct slicing *slicing, int64_t now_ms,
                 int64_t lookback_ms)
{
    int64_t now = in_time(now_ms);
    int64_t start_ms = now - max_of(in_time(lookback_ms), slicing->age_ms[0]);
    start_ms = max_of(start_ms, first_of(slicing, now));

    slice_forget(cursor);
    put_start(cursor, round_down(start_ms, grain_of(slicing)));
    cursor->span_ms = slicing->span_ms;
}

static void add_gap(struct slice_plan *plan, int64_t from_ms, int64_t to_ms,
                    const char *reason)
{
    if (from_ms < to_ms) {
        plan->gaps[plan->gap_count] = (struct store_gap){from_ms, to_ms, reason};
        plan->gap_count++;
    }
}

/* Gives up what the cloud no longer keeps, and says so. */
static void raise_marks(struct cursor *cursor, const struct slicing *slicing,
                        int64_t floor_ms, struct slice_plan *plan)
{
    int64_t head_ms = cursor->mark_ms[0];
    int64_t sealed_ms = slice_sealed_ms(cursor, slicing);

    add_gap(plan, head_ms, floor_ms, "older than the cloud keeps");
    add_gap(plan, sealed_ms, min_of(head_ms, floor_ms), "never sealed");
    for (size_t i = 0; i <= last_pass(slicing); i++) {
        cursor->mark_ms[i] = max_of(cursor->mark_ms[i], floor_ms);
    }
}

/* Opens [a, b] unless it is shorter than the API's times can say. */
static bool open_slice(struct cursor *cursor, const struct slicing *slicing,
                       struct slice slice)
{
    int64_t grain_ms = grain_of(slicing);
    slice.b_ms = round_down(slice.b_ms, grain_ms);
    if (slice.b_ms - slice.a_ms < grain_ms) {
        return false;
    }
    json_decref(cursor->place);
    cursor->place = NULL;
    cursor->slice = slice;
    cursor->is_open = true;
    return true;
}

/* How far behind a pass may be before it owes a read. */
static int64_t patience_of(const struct slicing *slicing, size_t pass, int64_t every_ms)
{
    int64_t before_ms = pass == 0 ? 0 : slicing->age_ms[pass - 1];
    int64_t quarter_ms = (slicing->age_ms[pass] - before_ms) / 4;
    return max_of(grain_of(slicing), max_of(every_ms, quarter_ms));
}

/* One request serves all passes. */
static void plan_quiet(struct cursor *cursor, const struct slicing *slicing,
                       const struct slice_moment *moment, struct slice_plan *plan)
{
    int64_t every_ms = max_of(grain_of(slicing), moment->every_ms);
    plan->due_ms = cursor->mark_ms[0] + slicing->age_ms[0] + every_ms;
    if (plan->due_ms > moment->now_ms) {
        return;
    }
    plan->is_due =
        open_slice(cursor, slicing,
                   (struct slice){slice_sealed_ms(cursor, slicing),
                                  moment->now_ms - slicing->age_ms[0], moment->now_ms});
}

/* Only what a pass owes is read, the most overdue first. */
static void plan_busy(struct cursor *cursor, const struct slicing *slicing,
                      const struct slice_moment *moment, struct slice_plan *plan)
{
    size_t last = last_pass(slicing);
    size_t most = 0;
    double most_overdue = 0;

    plan->due_ms = last_ms;
    for (size_t i = 0; i <= last; i++) {
        if (i != 0 && i != last && moment->budget_used > 0.5) {
            continue;
        }
        int64_t patience_ms = patience_of(slicing, i, moment->every_ms);
        int64_t behind_ms = moment->now_ms - slicing->age_ms[i] - cursor->mark_ms[i];
        double overdue = (double)behind_ms / (double)patience_ms;
        if (overdue > most_overdue) {
            most_overdue = overdue;
            most = i;
        }
        plan->due_ms = min_of(plan->due_ms, moment->now_ms + patience_ms - behind_ms);
    }
    if (most_overdue < 1) {
        return;
    }
    int64_t a_ms = cursor->mark_ms[most];
    int64_t b_ms = min_of(a_ms + cursor->span_ms, moment->now_ms - slicing->age_ms[most]);
    plan->is_due =
        open_slice(cursor, slicing, (struct slice){a_ms, b_ms, moment->now_ms});
}

/* Reads the shortest slice that the cloud still keeps, only to learn its time. */
static void plan_probe(struct cursor *cursor, const struct slicing *slicing,
                       const struct slice_moment *moment, struct slice_plan *plan)
{
    /* It begins past every mark, so that finishing it moves none. */
    int64_t a_ms =
        max_of(floor_of(slicing, moment->now_ms), cursor->mark_ms[0] + grain_of(slicing));
    struct slice slice = {a_ms, a_ms + grain_of(slicing), moment->now_ms};
    plan->is_due = open_slice(cursor, slicing, slice);
}

/* No mark is past the cloud's time less age[1]: now_ms proves to be behind it. */
static bool is_behind(const struct cursor *cursor, const struct slicing *slicing,
                      int64_t now_ms)
{
    return now_ms < cursor->mark_ms[0] + slicing->age_ms[0] - SLICE_SKEW_MS;
}

/* The clock and settings come from outside: no value of theirs may overflow. */
static struct slice_moment check_moment(const struct slice_moment *moment)
{
    struct slice_moment checked = *moment;
    checked.now_ms = in_time(moment->now_ms);
    checked.every_ms = in_time(moment->every_ms);
    return checked;
}

struct slice_plan slice_plan(struct cursor *cursor, const struct slicing *slicing,
                             const struct slice_moment *moment_given)
{
    struct slice_plan plan = {0};
    const struct slice_moment moment = check_moment(moment_given);
    int64_t floor_ms = floor_of(slicing, moment.now_ms);

    if (cursor->is_open && is_past_edge(&cursor->slice, slicing, moment.now_ms)) {
        slice_forget(cursor);
    }
    if (cursor->is_open) {
        plan.is_due = true;
        return plan;
    }

    cursor->span_ms =
        max_of(grain_of(slicing), min_of(cursor->span_ms, slicing->span_ms));
    if (!moment.is_dated && is_behind(cursor, slicing, moment.now_ms)) {
        plan_probe(cursor, slicing, &moment, &plan);
        return plan;
    }
    if (slice_sealed_ms(cursor, slicing) < floor_ms) {
        if (!moment.is_dated) {
            plan_probe(cursor, slicing, &moment, &plan);
            return plan;
        }
        raise_marks(cursor, slicing, floor_ms, &plan);
    }

    int64_t oldest_ms = slicing->age_ms[last_pass(slicing)];
    if (cursor->mark_ms[0] < moment.now_ms - oldest_ms - cursor->span_ms) {
        int64_t a_ms = slice_sealed_ms(cursor, slicing);
        int64_t b_ms = min_of(a_ms + cursor->span_ms, moment.now_ms - slicing->age_ms[0]);
        plan.is_due =
            open_slice(cursor, slicing, (struct slice){a_ms, b_ms, moment.now_ms});
    } else if (moment.id_count <= SLICE_QUIET_IDS) {
        plan_quiet(cursor, slicing, &moment, &plan);
    } else {
        plan_busy(cursor, slicing, &moment, &plan);
    }

    /* A clock that is behind must not put a source off for as long as it is behind. */
    int64_t soon_ms = moment.now_ms + patience_of(slicing, 0, moment.every_ms);
    int64_t next_ms = moment.now_ms + grain_of(slicing);
    plan.due_ms = plan.is_due ? 0 : max_of(next_ms, min_of(plan.due_ms, soon_ms));
    return plan;
}

struct slice_plan slice_plan_until(struct cursor *cursor, const struct slicing *slicing,
                                   const struct slice_moment *moment_given, int64_t to_ms)
{
    struct slice_plan plan = {0};
    const struct slice_moment moment = check_moment(moment_given);
    int64_t floor_ms = floor_of(slicing, moment.now_ms);

    if (cursor->is_open && is_past_edge(&cursor->slice, slicing, moment.now_ms)) {
        slice_forget(cursor);
    }
    if (cursor->is_open) {
        plan.is_due = true;
        return plan;
    }
    if (cursor->mark_ms[0] < floor_ms && moment.is_dated) {
        raise_marks(cursor, slicing, floor_ms, &plan);
    }
    cursor->span_ms =
        max_of(grain_of(slicing), min_of(cursor->span_ms, slicing->span_ms));
    int64_t a_ms = cursor->mark_ms[0];
    int64_t b_ms = min_of(round_up(in_time(to_ms), grain_of(slicing)),
                          moment.now_ms - slicing->age_ms[0]);
    b_ms = min_of(b_ms, a_ms + cursor->span_ms);
    plan.is_due = open_slice(cursor, slicing, (struct slice){a_ms, b_ms, moment.now_ms});
    return plan;
}

bool slice_dated(struct cursor *cursor, const struct slicing *slicing, int64_t date_ms)
{
    if (!cursor->is_open || date_ms <= 0) {
        return true;
    }
    if (is_past_edge(&cursor->slice, slicing, in_time(date_ms))) {
        slice_forget(cursor);
        return false;
    }
    if (date_ms >= cursor->slice.began_ms) {
        return true;
    }
    int64_t ahead_ms = cursor->slice.began_ms - date_ms;
    cursor->slice.began_ms = date_ms;
    if (cursor->slice.b_ms <= date_ms - slicing->age_ms[0] + SLICE_SKEW_MS) {
        return true;
    }

    slice_forget(cursor);
    if (cursor->mark_ms[0] == cursor->start_ms) { /* nothing was read to its end yet */
        int64_t start_ms =
            max_of(cursor->start_ms - ahead_ms, first_of(slicing, date_ms));
        start_ms = round_down(start_ms, grain_of(slicing));
        put_start(cursor, min_of(cursor->start_ms, start_ms));
    }
    return false;
}

bool slice_narrow(struct cursor *cursor, const struct slicing *slicing)
{
    int64_t grain_ms = grain_of(slicing);
    struct slice *slice = &cursor->slice;
    int64_t half_ms = (slice->b_ms - slice->a_ms) / 2;
    if (!cursor->is_open || slice->b_ms - slice->a_ms <= grain_ms) {
        return false;
    }
    slice->b_ms =
        max_of(slice->a_ms + grain_ms, round_down(slice->a_ms + half_ms, grain_ms));
    json_decref(cursor->place);
    cursor->place = NULL;
    return true;
}

void slice_finish(struct cursor *cursor, const struct slicing *slicing, size_t page_count)
{
    int64_t grain_ms = grain_of(slicing);
    for (size_t i = 0; i <= last_pass(slicing); i++) {
        int64_t *mark_ms = &cursor->mark_ms[i];
        int64_t seen_ms =
            min_of(cursor->slice.b_ms, cursor->slice.began_ms - slicing->age_ms[i]);
        if (*mark_ms >= cursor->slice.a_ms) {
            *mark_ms = max_of(*mark_ms, round_down(seen_ms, grain_ms));
        }
    }
    slice_forget(cursor);

    if (page_count > SLICE_PAGES_MANY) {
        cursor->span_ms = max_of(grain_ms, cursor->span_ms / 2);
    } else if (page_count < SLICE_PAGES_FEW) {
        cursor->span_ms = min_of(slicing->span_ms, 2 * cursor->span_ms);
    }
}

int64_t slice_sealed_ms(const struct cursor *cursor, const struct slicing *slicing)
{
    return cursor->mark_ms[last_pass(slicing)];
}
