/*
 * What Resource Manager says of a project, folder or organisation:
 *
 *   POST /v3/projects/case-1:testIamPermissions
 * {"permissions":["logging.logEntries.list"]} POST /v3/folders/7:getIamPolicy
 * {"options":{"requestedPolicyVersion":3}} GET  /v3/projects/case-1 for its parent
 *
 * Answers are kept, for many projects have the same folders above them.
 *
 * Errors: those of gcp/google.h.
 */
#ifndef GCP_MANAGER_H
#define GCP_MANAGER_H

#include "gcp/google.h"

#include <jansson.h>

struct manager {
    struct google google;
    json_t *policies; /* by name: auditConfigs, or null where they may not be read */
    json_t *parents;  /* by name: "" at the top, or null */
};

/* Sends nothing. The caller clears, also after a failure. */
bool manager_open(struct manager *manager, const json_t *settings,
                  const struct runtime *runtime, struct error *err);
void manager_clear(struct manager *manager);

/* Is name one that Resource Manager knows: no billing account, no view? */
bool manager_knows(const char *name);
/* Which of permissions, an array, we have on name: the caller's array. */
bool manager_test(struct manager *manager, const char *name, json_t *permissions,
                  json_t **granted, struct error *err);
/* The auditConfigs of name's own policy, an array; NULL: they may not be read. */
const json_t *manager_audits(struct manager *manager, const char *name);
/* The name of what name is in; "" at the top; NULL: it may not be asked. */
const char *manager_parent(struct manager *manager, const char *name);

#endif
