#include "slice_world.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>

enum { RATE_GAP_MS = 13400 }; /* the longest between two events */

static const struct slicing table = {
    .passes = 4,
    .age_ms = {60000, 300000, 600000, 3600000},
    .span_ms = MS_PER_HOUR,
    .grain_ms = MS_PER_SECOND,
    .retention_ms = INT64_C(90) * MS_PER_DAY,
};

static uint64_t draw(struct world *world)
{
    uint64_t z = (world->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t world_between(struct world *world, int64_t low, int64_t high)
{
    return low + (int64_t)(draw(world) % (uint64_t)(high - low + 1));
}

bool world_happens(struct world *world, int percent)
{
    return world_between(world, 1, 100) <= percent;
}

void world_clear(struct world *world)
{
    free(world->events);
    json_decref(world->cursor.place);
    json_decref(world->stored.place);
}

void world_init(struct world *world, uint64_t seed, bool is_ordered)
{
    *world = (struct world){.seed = seed, .state = seed, .is_ordered = is_ordered};
    world->slicing = table;
    world->events = mem_new(WORLD_EVENTS_MAX, sizeof(*world->events));
    int64_t t_ms = 0;
    while (t_ms < (int64_t)WORLD_HOURS * MS_PER_HOUR &&
           world->event_count < WORLD_EVENTS_MAX) {
        t_ms += world_between(world, 0, RATE_GAP_MS);
        bool is_late = world_happens(world, 33);
        int64_t late_ms = world_between(world, is_late ? 500 : 5, is_late ? 3590 : 500);
        int64_t second_ms = WORLD_ORIGIN_MS + t_ms - t_ms % MS_PER_SECOND;
        struct event *event = &world->events[world->event_count++];
        event->t_ms = second_ms;
        event->shown_ms = second_ms + late_ms * MS_PER_SECOND;
        event->shuffle = draw(world);
    }

    if (seed % 4 == 1) { /* a clock a day ahead is then past all that the cloud keeps */
        world->slicing.retention_ms = INT64_C(20) * MS_PER_HOUR;
    } else if (seed % 4 == 3) {
        world->slicing.retention_ms = INT64_C(3) * MS_PER_HOUR;
        world->outage_ms = world_between(world, 1, 4) * MS_PER_HOUR;
    }
    world->now_ms = WORLD_ORIGIN_MS;
    if (seed % 3 == 0 && seed % 4 != 3) {
        world->now_ms += 3 * (int64_t)MS_PER_HOUR;
    }
    slice_start(&world->cursor, &world->slicing, world->now_ms,
                world->now_ms - WORLD_ORIGIN_MS + MS_PER_MINUTE);
}

static int compare_newest(const void *left, const void *right)
{
    const struct event *a = *(struct event *const *)left;
    const struct event *b = *(struct event *const *)right;
    if (a->t_ms != b->t_ms) {
        return a->t_ms < b->t_ms ? 1 : -1;
    }
    return a < b ? 1 : -1;
}

static int compare_shuffled(const void *left, const void *right)
{
    const struct event *a = *(struct event *const *)left;
    const struct event *b = *(struct event *const *)right;
    return (a->shuffle > b->shuffle) - (a->shuffle < b->shuffle);
}

/* What the cloud answers, now, for the events from a to b. */
size_t world_query(struct world *world, int64_t a_ms, int64_t b_ms, struct event **seen)
{
    size_t count = 0;
    int64_t kept_ms = world->now_ms - world->slicing.retention_ms;
    for (size_t i = 0; i < world->event_count; i++) {
        struct event *event = &world->events[i];
        if (event->t_ms >= a_ms && event->t_ms <= b_ms && event->t_ms >= kept_ms &&
            event->shown_ms <= world->now_ms) {
            seen[count++] = event;
        }
    }
    qsort(seen, count, sizeof(struct event *),
          world->is_ordered ? compare_newest : compare_shuffled);
    return count;
}
