/*
 * How credential_find.c, which says what kind of credential is meant, and
 * credential_fill.c, which gathers the parts of that kind, work together.
 */
#ifndef AZURE_CREDENTIAL_PARTS_H
#define AZURE_CREDENTIAL_PARTS_H

#include "azure/credential.h"

/* An environment variable; NULL when unset or empty. Borrowed. */
const char *credential_variable(const char *name);
/* A setting, else the variable called name (may be NULL); NULL when neither is. */
const char *credential_setting(const json_t *settings, const char *key, const char *name);
/* Reads what credential->kind needs. */
bool credential_fill(const json_t *settings, struct credential *credential,
                     struct error *err);

#endif
