/*
 * Packs and decisions of a folder of fixtures, as coverage, lint and difference need
 * them.
 */
#ifndef UNIT_VERDICT_WORLD_H
#define UNIT_VERDICT_WORLD_H

#include "mapping/verdict.h"

struct verdict_world {
    struct mapping_set *set;
    struct decisions *decisions;
    struct verdict_packs packs; /* those for shape */
};

/* Loads fixtures/FOLDER and what is in its no-principle. */
void verdict_world_load(struct verdict_world *world, const char *folder,
                        const struct record_shape *shape);
void verdict_world_clear(struct verdict_world *world);

/* Adds each problem to out, a line each. */
void verdict_world_show(const struct problems *problems, struct buf *out);

#endif
