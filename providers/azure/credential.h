/*
 * Who we are, found and read, before anything was sent.
 *
 * What the configuration says decides; what it does not say is taken from the
 * environment variable of the same meaning. Exactly one kind comes out, and one of which
 * a part is missing is an error: nothing else is tried, since another credential may be
 * a broader identity than the one that was meant.
 *
 * Errors: ERROR_CONFIG, which names the setting or variable and never shows a value.
 */
#ifndef AZURE_CREDENTIAL_H
#define AZURE_CREDENTIAL_H

#include "azure/certificate.h"
#include "base/digest.h"

#include <jansson.h>

enum credential_kind {
    CREDENTIAL_CLIENT_SECRET,
    CREDENTIAL_CLIENT_CERTIFICATE,
    CREDENTIAL_WORKLOAD_IDENTITY,
    CREDENTIAL_MANAGED_IDENTITY, /* becomes one of the next three */
    CREDENTIAL_APP_SERVICE,
    CREDENTIAL_ARC,
    CREDENTIAL_IMDS,
    CREDENTIAL_AZURE_CLI,
    CREDENTIAL_AUTO, /* as a setting only */
};

struct credential {
    enum credential_kind kind;
    const char *from;     /* what decided: "configuration", "environment", "default" */
    char *authority;      /* "https://login.microsoftonline.com" */
    char *authority_host; /* "login.microsoftonline.com", with ":port" where given */
    char *tenant;         /* NULL for managed identities */
    char *client_id;      /* NULL: the system-assigned managed identity */
    char *object_id;      /* of a user-assigned managed identity, or NULL */
    char *resource_id;    /* the same by its ARM id, or NULL */
    char *token_file;     /* of a federated token */
    char *endpoint;       /* of a managed identity: the URL before its query */
    char *ca_file;        /* NULL: the system's */
    struct secret secret; /* client secret, or App Service's IDENTITY_HEADER */
    struct certificate *certificate;
    bool is_rs256;
    bool has_chain;
    bool is_fallback; /* nothing was set, so the machine's own identity is asked for */
};

/* Reads settings, environment and key files; sends nothing. The caller clears. */
bool credential_find(const json_t *settings, struct credential *credential,
                     struct error *err);
void credential_clear(struct credential *credential);

/* "workload identity", "managed identity (IMDS)" */
const char *credential_name(enum credential_kind kind);
/* Of the setting "credential"; ends with NULL. */
extern const char *const credential_choices[];
/* A key for caches: two credentials that differ in any part, secrets too, differ in it.
 */
void credential_digest(const struct credential *credential, uint8_t out[DIGEST_SIZE]);

#endif
