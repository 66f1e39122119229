/*
 * How soon events arrive and what that costs in calls: the plan against a cloud like
 * LookupEvents (newest first, 50 a page, 1.8 calls a second), which shows its events
 * after 204 s (median) and a few of them as late as 55 minutes.
 */
#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOURS = 8, EVENTS_MAX = 40000, PAGE_EVENTS = 50, CALL_MS = 556 };

static const int64_t origin_ms = INT64_C(1760000400000);

static const struct slicing slicing = {
    .passes = 4,
    .age_ms = {60000, 300000, 600000, 3600000},
    .span_ms = 3600000,
    .grain_ms = MS_PER_SECOND,
    .retention_ms = INT64_C(90) * MS_PER_DAY,
};

struct event {
    int64_t t_ms;
    int64_t shown_ms;
    int64_t got_ms; /* 0: not yet */
    bool is_known;
};

struct cloud {
    uint64_t state;
    struct event *events; /* by t */
    size_t event_count;
    size_t id_count;
    int64_t now_ms;
    size_t calls;
};

struct row {
    const char *name;
    double per_second;
    double calls_a_minute;
    int p50_minutes;
    int p95_minutes;
};

static double draw(struct cloud *cloud) /* 0..1 */
{
    uint64_t z = (cloud->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

/* Measured at CloudTrail: half within 204 s, 99 of 100 within 540 s, some stragglers. */
static int64_t draw_delay_ms(struct cloud *cloud)
{
    static const double at_s[] = {20, 100, 153, 204, 272, 407, 540, 600};
    static const double share[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1};
    double chance = draw(cloud);
    if (draw(cloud) < 0.001) {
        return (int64_t)(600000 + chance * 2700000);
    }
    size_t i = 1;
    while (share[i] < chance) {
        i++;
    }
    double part = (chance - share[i - 1]) / (share[i] - share[i - 1]);
    return (int64_t)(1000 * (at_s[i - 1] + part * (at_s[i] - at_s[i - 1])));
}

static void fill(struct cloud *cloud, double per_second)
{
    double t_ms = 0;
    while (t_ms < (double)HOURS * MS_PER_HOUR && cloud->event_count < EVENTS_MAX) {
        t_ms += 2000 * draw(cloud) / per_second;
        struct event *event = &cloud->events[cloud->event_count++];
        event->t_ms = origin_ms + (int64_t)t_ms / MS_PER_SECOND * MS_PER_SECOND;
        event->shown_ms = event->t_ms + draw_delay_ms(cloud);
    }
}

static size_t read_slice(struct cloud *cloud, const struct slice *slice)
{
    size_t pages = 1;
    size_t on_page = 0;
    cloud->now_ms += CALL_MS;
    for (size_t i = cloud->event_count; i-- > 0;) { /* newest first */
        struct event *event = &cloud->events[i];
        if (event->t_ms < slice->a_ms || event->t_ms > slice->b_ms ||
            event->shown_ms > cloud->now_ms) {
            continue;
        }
        if (on_page == PAGE_EVENTS) {
            on_page = 0;
            pages++;
            cloud->now_ms += CALL_MS;
        }
        on_page++;
        event->got_ms = event->got_ms == 0 ? cloud->now_ms : event->got_ms;
        event->is_known = true;
    }
    cloud->calls += pages;
    return pages;
}

static void forget(struct cloud *cloud, int64_t sealed_ms)
{
    cloud->id_count = 0;
    for (size_t i = 0; i < cloud->event_count; i++) {
        struct event *event = &cloud->events[i];
        event->is_known = event->is_known && event->t_ms >= sealed_ms;
        cloud->id_count += event->is_known;
    }
}

static void read_all(struct cloud *cloud)
{
    struct cursor cursor = {0};
    cloud->now_ms = origin_ms;
    slice_start(&cursor, &slicing, origin_ms, 0);
    int64_t end_ms = origin_ms + (int64_t)(HOURS + 3) * MS_PER_HOUR;
    while (cloud->now_ms < end_ms) {
        const struct slice_moment moment = {.now_ms = cloud->now_ms,
                                            .is_dated = true,
                                            .every_ms = MS_PER_MINUTE,
                                            .id_count = cloud->id_count};
        struct slice_plan plan = slice_plan(&cursor, &slicing, &moment);
        if (!plan.is_due) {
            cloud->now_ms = plan.due_ms;
            continue;
        }
        size_t pages = read_slice(cloud, &cursor.slice);
        slice_finish(&cursor, &slicing, pages);
        forget(cloud, slice_sealed_ms(&cursor, &slicing));
    }
}

static int compare_times(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;
    return (*a > *b) - (*a < *b);
}

static void test_latency(void **state)
{
    const struct row *row = *state;
    struct cloud cloud = {.state = 1};
    cloud.events = mem_new(EVENTS_MAX, sizeof(*cloud.events));
    fill(&cloud, row->per_second);
    read_all(&cloud);

    int64_t *late_ms = mem_new(cloud.event_count, sizeof(*late_ms));
    size_t lost = 0;
    for (size_t i = 0; i < cloud.event_count; i++) {
        late_ms[i] = cloud.events[i].got_ms - cloud.events[i].t_ms;
        lost += cloud.events[i].got_ms == 0;
    }
    qsort(late_ms, cloud.event_count, sizeof(*late_ms), compare_times);
    double calls = (double)cloud.calls / (HOURS * 60);
    int64_t p50_ms = late_ms[cloud.event_count / 2];
    int64_t p95_ms = late_ms[cloud.event_count * 95 / 100];
    printf("%s: %zu events, lost %zu, event to sink p50 %.1f p95 %.1f max %.1f min, "
           "%.1f calls a minute\n",
           row->name, cloud.event_count, lost, (double)p50_ms / 60000,
           (double)p95_ms / 60000, (double)late_ms[cloud.event_count - 1] / 60000, calls);
    free(late_ms);
    free(cloud.events);

    assert_int_equal(lost, 0);
    assert_true(calls <= row->calls_a_minute);
    assert_true(p50_ms <= (int64_t)row->p50_minutes * MS_PER_MINUTE);
    assert_true(p95_ms <= (int64_t)row->p95_minutes * MS_PER_MINUTE);
}

int main(void)
{
    static struct row quiet = {"one event in 100 s", 0.01, 2, 5, 9};
    static struct row usual = {"one event a second", 1, 8, 7, 12};
    const struct CMUnitTest tests[] = {
        {quiet.name, test_latency, NULL, NULL, &quiet},
        {usual.name, test_latency, NULL, NULL, &usual},
    };
    return cmocka_run_group_tests_name("slice_latency", tests, NULL, NULL);
}
