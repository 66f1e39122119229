#include "azure/identity.h"

#include "azure/cli.h"
#include "azure/cloud.h"
#include "azure/credential.h"
#include "azure/entra.h"
#include "azure/managed.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/expiry.h"
#include "net/token_cache.h"

#include <stdlib.h>

static const char *const algorithms[] = {"PS256", "RS256", NULL};

const struct setting identity_settings[] = {
    {.name = "credential",
     .type = SETTING_CHOICE,
     .fallback = "auto",
     .choices = credential_choices,
     .help = "Who the bridge is; auto takes what is set here, else in the environment "
             "(secret, certificate, workload identity), else the managed identity."},
    {.name = "cloud",
     .type = SETTING_CHOICE,
     .choices = cloud_names,
     .help = "The cloud that the tenant is in; public, unless AZURE_AUTHORITY_HOST names "
             "another."},
    {.name = "authority",
     .type = SETTING_URL,
     .help = "Another address of Entra ID, such as https://login.microsoftonline.com."},
    {.name = "tenant_id",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9.-",
     .help = "The directory's id or one of its domains; else AZURE_TENANT_ID."},
    {.name = "client_id",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9-",
     .help = "The application's id, or that of a user-assigned managed identity; else "
             "AZURE_CLIENT_ID."},
    {.name = "client_secret",
     .type = SETTING_SECRET,
     .help = "The application's secret; else AZURE_CLIENT_SECRET."},
    {.name = "client_certificate",
     .type = SETTING_PATH,
     .help = "A PEM or PFX file with the application's certificate and its RSA key; else "
             "AZURE_CLIENT_CERTIFICATE_PATH."},
    {.name = "client_certificate_password",
     .type = SETTING_SECRET,
     .help = "What the certificate's file is encrypted with; else "
             "AZURE_CLIENT_CERTIFICATE_PASSWORD."},
    {.name = "certificate_algorithm",
     .type = SETTING_CHOICE,
     .fallback = "PS256",
     .choices = algorithms,
     .help = "How the certificate's key signs; RS256 for what knows no PS256."},
    {.name = "send_certificate_chain",
     .type = SETTING_BOOL,
     .help = "Whether to send the certificate along, for trust by subject name and "
             "issuer; else AZURE_CLIENT_SEND_CERTIFICATE_CHAIN."},
    {.name = "federated_token_file",
     .type = SETTING_PATH,
     .help = "A token of the workload's own, read again at each use; else "
             "AZURE_FEDERATED_TOKEN_FILE."},
    {.name = "managed_identity_object_id",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9-",
     .help = "A user-assigned managed identity by its object (principal) id."},
    {.name = "managed_identity_resource_id",
     .type = SETTING_TEXT,
     .help = "A user-assigned managed identity by its Azure resource id."},
    {.type = SETTING_END},
};

struct identity {
    struct credential credential;
    uint8_t digest[DIGEST_SIZE];
    uint64_t seen; /* the last token that it was given, for token_cache.h */
};

bool identity_new(const json_t *settings, struct identity **identity, struct error *err)
{
    struct identity *made = mem_new(1, sizeof(*made));
    if (!credential_find(settings, &made->credential, err)) {
        free(made);
        return false;
    }
    credential_digest(&made->credential, made->digest);
    *identity = made;
    return true;
}

void identity_free(struct identity *identity)
{
    if (identity != NULL) {
        credential_clear(&identity->credential);
        free(identity);
    }
}

const char *identity_name(const struct identity *identity)
{
    return credential_name(identity->credential.kind);
}

const char *identity_id(const struct identity *identity)
{
    const struct credential *credential = &identity->credential;
    return credential->client_id != NULL ? credential->client_id : credential->object_id;
}

bool identity_is_managed(const struct identity *identity)
{
    enum credential_kind kind = identity->credential.kind;
    return kind == CREDENTIAL_APP_SERVICE || kind == CREDENTIAL_ARC ||
           kind == CREDENTIAL_IMDS;
}

static void log_choice(const struct identity *identity)
{
    const struct credential *credential = &identity->credential;
    json_t *fields = json_pack("{s:s, s:s}", "identity", identity_name(identity), "from",
                               credential->from);
    if (credential->tenant != NULL) {
        json_object_set_new(fields, "tenant", json_string(credential->tenant));
    }
    if (credential->client_id != NULL) {
        json_object_set_new(fields, "client_id", json_string(credential->client_id));
    }
    log_write_take(LOG_INFO, LOG_CREDENTIALS_FOUND, NULL, fields);
}

static bool fetch(const struct credential *credential, const struct runtime *runtime,
                  const char *audience, struct token *token, struct error *err)
{
    switch (credential->kind) {
    case CREDENTIAL_CLIENT_SECRET:
    case CREDENTIAL_CLIENT_CERTIFICATE:
    case CREDENTIAL_WORKLOAD_IDENTITY:
        return entra_token(credential, runtime, audience, token, err);
    case CREDENTIAL_AZURE_CLI:
        return cli_token(credential, runtime, audience, token, err);
    default:
        return managed_token(credential, runtime, audience, token, err);
    }
}

/* For metrics: when the certificate ends, and a token that could not be renewed. */
static void meter_expiry(const struct credential *credential,
                         const struct token_cache_ask *ask, bool is_renewed)
{
    const struct expiry_of token = {"azure", credential_name(credential->kind),
                                    credential->client_id};
    token_cache_meter(ask, &token, is_renewed);
    if (credential->certificate != NULL) {
        const struct expiry_of certificate = {"azure", "certificate",
                                              credential->client_id};
        expiry_set(&certificate, credential->certificate->not_after_ms);
    }
}

/* Fetches for all who wait, and tells them how it went. */
static bool fetch_for_all(const struct credential *credential,
                          const struct token_cache_ask *ask, struct secret *out,
                          struct error *err)
{
    struct token token = {0};
    struct error cause = {0};
    bool ok = fetch(credential, ask->runtime, ask->audience, &token, &cause);
    if (ok) {
        token_cache_keep(ask, &token, out);
        meter_expiry(credential, ask, true);
    } else {
        meter_expiry(credential, ask, false);
        ok = token_cache_fail(ask, &cause, out);
        if (ok) {
            log_write_take(LOG_WARN, LOG_CREDENTIALS_STALE, NULL,
                           json_pack("{s:s, s:s, s:s}", "identity",
                                     credential_name(credential->kind), "from",
                                     credential->from, "error", cause.text));
        } else if (err != NULL) {
            *err = cause;
        }
    }
    token_clear(&token);
    return ok;
}

static bool get(struct identity *identity, struct token_cache_ask *ask,
                struct secret *token, struct error *err)
{
    ask->identity = identity->digest;
    ask->seen = &identity->seen;
    if (token_cache_is_new(identity->digest)) {
        log_choice(identity);
    }
    switch (token_cache_find(ask, token, err)) {
    case TOKEN_CACHE_FOUND:
        return true;
    case TOKEN_CACHE_FETCH:
        return fetch_for_all(&identity->credential, ask, token, err);
    case TOKEN_CACHE_FAILED:
        break;
    }
    return false;
}

bool identity_token(struct identity *identity, const struct runtime *runtime,
                    const char *audience, struct secret *token, struct error *err)
{
    struct token_cache_ask ask = {.audience = audience, .runtime = runtime};
    return get(identity, &ask, token, err);
}

bool identity_next_token(struct identity *identity, const struct runtime *runtime,
                         const char *audience, struct secret *token, struct error *err)
{
    struct token_cache_ask ask = {
        .audience = audience, .runtime = runtime, .refresh = true};
    return get(identity, &ask, token, err);
}
