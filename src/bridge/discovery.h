/*
 * Which sources an entry of the configuration stands for: what its provider finds now,
 * and what the store knows from before.
 *
 * What is found is stored, and used when the provider cannot say. A source that is no
 * longer found is kept as gone: not read, and its state stays, so that it goes on from
 * there when it comes back. Of an account that alone could not be asked, what was known
 * stays as it was.
 *
 * Errors: the provider's where nothing is known from before; ERROR_CONFIG for a name that
 * would be too long; ERROR_STATE; ERROR_STOPPED.
 */
#ifndef BRIDGE_DISCOVERY_H
#define BRIDGE_DISCOVERY_H

#include "config/config.h"
#include "store/store.h"

enum {
    DISCOVERY_EVERY_MS = 60 * 60 * 1000,
    DISCOVERY_SOON_MS = 5 * 60 * 1000, /* at the earliest, when there is a reason */
    DISCOVERY_RETRY_MS = 60 * 1000,    /* while an entry has no source at all */
};

/* By whom and with what; all are borrowed. */
struct discovery {
    const struct runtime *runtime;
    const struct store_type *store_type;
    struct store *store;
};

struct discovery_source {
    char *name; /* the entry's, and -suffix */
    json_t *settings;
    bool is_gone;
};

struct discovery_result {
    struct discovery_source *sources; /* by name; gone ones too */
    size_t count;
    bool is_lacking; /* of an account nothing is known and nothing could be found out */
};

/* Finds and stores what entry stands for. result arrives zeroed; the caller clears. */
bool discovery_run(const struct discovery *discovery, const struct config_source *entry,
                   struct discovery_result *result, struct error *err);
/*
 * The same by what the store knows from before alone, without asking. False when it knows
 * of no source that entry stands for.
 */
bool discovery_recall(const struct discovery *discovery,
                      const struct config_source *entry, struct discovery_result *result);
void discovery_result_clear(struct discovery_result *result);

#endif
