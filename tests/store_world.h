/*
 * One store twice, as two processes have it, and what the tests of every store do with
 * it.
 */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include "store_suite.h"

struct world {
    const struct store_type *type;
    struct suite_clock clock;
    struct runtime runtime;
    json_t *settings;
    struct store *store;
    struct store *other; /* another owner of the same store */
    struct claim claim;
    struct error err;
};

/* What store_suite_run was given. */
extern const struct store_type *world_type;
extern json_t *(*world_settings)(void);

/* A cmocka setup and teardown: an empty store. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* Claims "prod" for the first owner; it must work. */
void world_take(struct world *world);
/* Claims and gives back for either owner. */
bool world_claim(struct world *world, struct store *store, struct claim *claim);
bool world_release(struct world *world, struct store *store, struct claim *claim);
/* Commits events first .. first + count - 1 with mark first. */
bool world_commit(struct world *world, uint32_t first, size_t count);
size_t world_count_ids(struct world *world);

/* The tests of leases, called by store_suite_run. */
int store_lease_suite_run(const char *name);

#endif
