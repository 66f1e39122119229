/*
 * A source of Azure over a run of recorded answers, with an identity that needs no Entra.
 */
#ifndef AZURE_WORLD_H
#define AZURE_WORLD_H

#include "azure_double.h"
#include "script.h"

struct azure_world {
    struct script script;
    json_t *settings;
    struct session *session;
    const struct provider *provider;
    struct page page;
    json_t *place;
    struct error err;
};

/* 2026-01-01T00:00:00Z and an hour on. */
extern const struct slice azure_slice;

/* Opens a session for the subscription 5a000000-...-1; NULL: for the tenant level. */
void azure_world_start(struct azure_world *world, const struct provider *provider,
                       const char *subscription, const struct step *steps, size_t count);
/* One page into world->page; where it succeeds, world->place is settled. */
bool azure_world_poll(struct azure_world *world);
void azure_world_stop(struct azure_world *world);

#endif
