/*
 * Looks again, each hour, what the entries of the configuration stand for, on a thread of
 * its own: asking a thousand accounts for their regions takes minutes, and leases must be
 * kept alive meanwhile.
 *
 * One thread owns the scout. It sends it out, asks whether it is back, and takes what it
 * has found; the scout's thread touches nothing else.
 */
#ifndef BRIDGE_SCOUT_H
#define BRIDGE_SCOUT_H

#include "bridge/discovery.h"

/* What came of one entry. */
struct scout_report {
    const struct config_source *entry;
    struct discovery_result result;
    struct error error; /* ERROR_NONE: result holds */
};

struct scout;

/* All are borrowed; store and store_type must allow several threads. */
struct scout *scout_new(const struct config *config, const struct store_type *store_type,
                        struct store *store);
/* Calls it back and waits until it is; accepts NULL. */
void scout_free(struct scout *scout);

/* Sends it out, unless it is. False when no thread could be started. */
bool scout_send(struct scout *scout);
/*
 * The reports, one an entry, when it has come back since it was sent; else NULL. They are
 * the scout's, until it is sent again or freed.
 */
struct scout_report *scout_take(struct scout *scout);

#endif
