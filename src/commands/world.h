/*
 * What a run works with: a configuration, the packs, and the fleet that is made of both.
 * A run that reads its configuration again makes the next one beside the one that runs.
 */
#ifndef COMMANDS_WORLD_H
#define COMMANDS_WORLD_H

#include "bridge/fleet.h"
#include "commands/command.h"

/* What every world of a run is made by; all of it is borrowed. */
struct world_plan {
    const struct program *program;
    const char *config;   /* the file */
    const char *mappings; /* the shipped packs' folder; NULL: beside the program */
    char *const *names;   /* of sources, the only ones; ends with NULL; or NULL */
    const struct backfill *backfill;
    bool is_dry;
};

struct world {
    struct command_setup setup;
    struct fleet fleet;
};

/* A new world, read and checked; NULL with everything that is wrong. */
struct world *world_read(const struct world_plan *plan, struct problems *problems);
/*
 * Opens the fleet, over runtime. before: the world that this one is to follow, or NULL.
 * Errors: those of fleet_open; ERROR_CONFIG when plan names a source that is not there.
 */
bool world_open(struct world *world, const struct world_plan *plan,
                const struct runtime *runtime, const struct world *before,
                struct error *err);
/* Accepts NULL. */
void world_free(struct world *world);

#endif
