#include "store_world.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 50 };

static const int64_t origin_ms = INT64_C(1760000400000); /* a whole hour */

const struct store_type *world_type;
json_t *(*world_settings)(void);

static int64_t now_of(void *context)
{
    const struct suite_clock *clock = context;
    return clock->now_ms;
}

struct runtime suite_runtime(struct suite_clock *clock)
{
    return (struct runtime){.context = clock, .now_ms = now_of, .monotonic_ms = now_of};
}

struct store_delivered suite_event(uint32_t number)
{
    struct store_delivered event = {0};
    uint8_t digest[DIGEST_SIZE];
    event.time_ms = origin_ms + (int64_t)(number / 1000) * MS_PER_HOUR + number % 1000;
    digest_sha256((struct bytes){(const uint8_t *)&number, sizeof(number)}, digest);
    memcpy(event.id16, digest, ID16_SIZE);
    return event;
}

bool suite_claim(const struct store_type *type, struct store *store, const char *source,
                 struct claim *claim, struct error *err)
{
    struct error refused = {0};
    const struct store_wish wish = {source, claim, &refused};
    if (!type->claim(store, &wish, 1, err)) {
        return false;
    }
    if (refused.kind != ERROR_NONE) {
        *err = refused;
    }
    return refused.kind == ERROR_NONE;
}

bool suite_release(const struct store_type *type, struct store *store,
                   struct claim *claim, struct error *err)
{
    struct store_return back = {.claim = claim};
    if (!type->release(store, &back, 1, err)) {
        return false;
    }
    return !back.is_lost || error_set(err, ERROR_LOST, "%s is lost", claim->source);
}

int world_set_up(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    world->type = world_type;
    world->clock.now_ms = origin_ms;
    world->runtime = suite_runtime(&world->clock);
    world->settings = world_settings();
    *state = world;
    return !world_type->open(world->settings, &world->runtime, &world->store,
                             &world->err) ||
           !world_type->open(world->settings, &world->runtime, &world->other,
                             &world->err);
}

int world_tear_down(void **state)
{
    struct world *world = *state;
    claim_clear(&world->claim);
    world_type->close(world->store);
    world_type->close(world->other);
    json_decref(world->settings);
    free(world);
    return 0;
}

bool world_claim(struct world *world, struct store *store, struct claim *claim)
{
    return suite_claim(world->type, store, "prod", claim, &world->err);
}

bool world_release(struct world *world, struct store *store, struct claim *claim)
{
    return suite_release(world->type, store, claim, &world->err);
}

void world_take(struct world *world)
{
    claim_clear(&world->claim);
    assert_true(world_claim(world, world->store, &world->claim));
}

bool world_commit(struct world *world, uint32_t first, size_t count)
{
    struct store_delivered events[EVENTS];
    for (size_t i = 0; i < count; i++) {
        events[i] = suite_event(first + (uint32_t)i);
    }
    struct cursor cursor = {.start_ms = 1, .mark_ms = {first, 3, 2, 1}, .span_ms = 7};
    const struct store_commit commit = {
        .cursor = &cursor,
        .delivered = events,
        .delivered_count = count,
        .now_ms = origin_ms,
        .forget_ms = INT64_MIN,
        .keeps_ids = true,
    };
    return world->type->commit(world->store, &world->claim, &commit, &world->err);
}

size_t world_count_ids(struct world *world)
{
    size_t count = 0;
    assert_true(world->type->id_count(world->store, &world->claim, &count, &world->err));
    return count;
}
