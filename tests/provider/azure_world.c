#include "azure_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

const struct slice azure_slice = {.a_ms = 1767225600000, .b_ms = 1767229200000};

void azure_world_start(struct azure_world *world, const struct provider *provider,
                       const char *subscription, const struct step *steps, size_t count)
{
    *world = (struct azure_world){.provider = provider};
    script_init(&world->script, steps, count);
    azure_double_reset();
    world->settings = json_object();
    if (subscription != NULL) {
        json_object_set_new(world->settings, "subscription", json_string(subscription));
    }
    assert_true(provider->open(world->settings, &world->script.runtime, &world->session,
                               &world->err));
}

bool azure_world_poll(struct azure_world *world)
{
    page_clear(&world->page);
    world->err = (struct error){0};
    bool ok = world->provider->poll(world->session, &azure_slice, world->place,
                                    &world->page, &world->err);
    if (ok) {
        json_decref(world->place);
        world->place = json_deep_copy(world->page.place);
    }
    return ok;
}

void azure_world_stop(struct azure_world *world)
{
    page_clear(&world->page);
    json_decref(world->place);
    world->provider->close(world->session);
    json_decref(world->settings);
}
