#include "verdict_world.h"

#include "mapping_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void verdict_world_load(struct verdict_world *world, const char *folder,
                        const struct record_shape *shape)
{
    const char *const directories[] = {folder, NULL};
    struct problems problems = {0};
    *world = (struct verdict_world){0};
    bool is_mapped = mapping_load(directories, all_shapes, &world->set, &problems);
    bool is_decided =
        decisions_load(directories, all_shapes, NULL, &world->decisions, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        print_error("%s\n", problems.texts[i]);
    }
    problems_clear(&problems);
    assert_true(is_mapped && is_decided);
    world->packs =
        (struct verdict_packs){mapping_find(world->set, shape), world->decisions};
}

void verdict_world_clear(struct verdict_world *world)
{
    mapping_set_free(world->set);
    decisions_free(world->decisions);
}

void verdict_world_show(const struct problems *problems, struct buf *out)
{
    for (size_t i = 0; i < problems->count; i++) {
        assert_true(buf_addf(out, "%s\n", problems->texts[i]));
    }
}
