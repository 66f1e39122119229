#include "commands/world.h"

#include "base/mem.h"
#include "commands/rehearsal.h"
#include "store/overlay.h"

#include <stdlib.h>
#include <string.h>

struct world *world_read(const struct world_plan *plan, struct problems *problems)
{
    struct world *world = mem_new(1, sizeof(*world));
    if (!command_setup_read(plan->program, plan->config, plan->mappings, &world->setup,
                            problems)) {
        world_free(world);
        return NULL;
    }
    return world;
}

static bool is_known(const struct fleet *fleet, const char *name)
{
    bool found = fleet_is_lacking(fleet);
    for (size_t i = 0; !found && i < fleet->source_count; i++) {
        found = strcmp(name, fleet->sources[i]->name) == 0 ||
                strcmp(name, fleet->sources[i]->config->name) == 0;
    }
    return found;
}

/* Every --source must be one: a slip would otherwise read nothing and look well. */
static bool check_names(const struct fleet *fleet, const struct world_plan *plan,
                        struct error *err)
{
    for (size_t i = 0; plan->names != NULL && plan->names[i] != NULL; i++) {
        if (!is_known(fleet, plan->names[i])) {
            return error_set(err, ERROR_CONFIG,
                             "--source %s: no such source%s; 'auditbridge sources' "
                             "names them",
                             plan->names[i],
                             plan->backfill != NULL ? " that is read by time" : "");
        }
    }
    return (fleet->source_count > 0 || fleet_is_lacking(fleet) ||
            plan->backfill == NULL) ||
           error_set(err, ERROR_CONFIG,
                     "--from: no source keeps times by which it could be read again");
}

bool world_open(struct world *world, const struct world_plan *plan,
                const struct runtime *runtime, const struct world *before,
                struct error *err)
{
    const struct fleet_plan fleet = {
        .config = &world->setup.config,
        .mappings = world->setup.mappings,
        .providers = plan->program->providers,
        .runtime = runtime,
        .store_type = plan->is_dry ? &overlay_type : NULL,
        .backfill = plan->backfill,
        .names = plan->names,
        .before = before == NULL ? NULL : &before->fleet,
    };
    if (plan->is_dry) {
        rehearsal_prepare(&world->setup.config);
    }
    return fleet_open(&world->fleet, &fleet, err) &&
           check_names(&world->fleet, plan, err);
}

void world_free(struct world *world)
{
    if (world != NULL) {
        fleet_close(&world->fleet);
        command_setup_clear(&world->setup);
        free(world);
    }
}
