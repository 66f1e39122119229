#include "gcp/adc.h"

#include "base/log.h"
#include "base/mem.h"
#include "gcp/adc_fetch.h"
#include "gcp/adc_find.h"
#include "gcp/adc_who.h"
#include "metrics/expiry.h"
#include "net/token_cache.h"

#include <stdlib.h>
#include <string.h>

static const char scope[] = "https://www.googleapis.com/auth/cloud-platform.read-only "
                            "https://www.googleapis.com/auth/logging.read";

const struct setting adc_settings[] = {
    {.name = "credentials_file",
     .type = SETTING_PATH,
     .help = "A key file or credential configuration of Google; else "
             "GOOGLE_APPLICATION_CREDENTIALS, gcloud's own, the metadata server."},
    {.name = "impersonate_service_account",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9.:@_-",
     .help =
         "The e-mail address of a service account to act as, which the credential may "
         "impersonate."},
    {.name = "quota_project",
     .type = SETTING_TEXT,
     .pattern = "a-z0-9.:-",
     .help = "The project whose quota pays for requests; else "
             "GOOGLE_CLOUD_QUOTA_PROJECT, then what the key file says."},
    {.name = "universe_domain",
     .type = SETTING_TEXT,
     .pattern = "a-z0-9.-",
     .fallback = "googleapis.com",
     .help = "The domain of another Google Cloud than the public one; key files must say "
             "the same."},
    {.name = "self_signed_jwt",
     .type = SETTING_BOOL,
     .help = "Whether a service account's key signs the tokens itself, so that Google's "
             "token endpoint need not be reached."},
    {.name = "credential_hosts",
     .type = SETTING_LIST,
     .pattern = "a-zA-Z0-9.:-",
     .help = "Hosts outside the universe domain that a credential file may name, "
             "host or host:port."},
    {.type = SETTING_END},
};

struct adc {
    struct adc_found found;
    char *quota_project;
    uint64_t seen; /* the last token that it was given, for token_cache.h */
};

/* It becomes a header, and an environment is not checked before. */
static bool is_project(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.:-") == size;
}

static const char *quota_of(const json_t *settings, const struct adc_source *source)
{
    const char *set = json_string_value(json_object_get(settings, "quota_project"));
    const char *variable = adc_find_variable("GOOGLE_CLOUD_QUOTA_PROJECT");
    if (set != NULL || variable != NULL) {
        return set != NULL ? set : variable;
    }
    for (; source != NULL; source = source->base) {
        const char *told = adc_source_text(source, "quota_project_id");
        if (told != NULL) {
            return told;
        }
    }
    return NULL;
}

bool adc_new(const json_t *settings, struct adc **adc, struct error *err)
{
    struct adc *made = mem_new(1, sizeof(*made));
    if (!adc_find(settings, &made->found, err)) {
        free(made);
        return false;
    }
    const char *quota = quota_of(settings, made->found.source);
    if (quota != NULL && !is_project(quota)) {
        adc_free(made);
        return error_set(err, ERROR_CONFIG,
                         "quota_project, GOOGLE_CLOUD_QUOTA_PROJECT or quota_project_id "
                         "is no project's id");
    }
    made->quota_project = quota == NULL ? NULL : mem_dup(quota);
    *adc = made;
    return true;
}

void adc_free(struct adc *adc)
{
    if (adc != NULL) {
        adc_find_clear(&adc->found);
        free(adc->quota_project);
        free(adc);
    }
}

const char *adc_quota_project(const struct adc *adc)
{
    return adc->quota_project;
}

const char *adc_universe(const struct adc *adc)
{
    return adc->found.source->universe;
}

const char *adc_name(const struct adc *adc)
{
    return adc_source_name(adc->found.source);
}

const char *adc_origin(const struct adc *adc)
{
    return adc->found.from;
}

json_t *adc_members(const struct adc *adc, const struct runtime *runtime)
{
    return adc_who_members(adc->found.digest, adc->found.source, runtime);
}

json_t *adc_self(const struct adc *adc, const struct runtime *runtime)
{
    json_t *members = adc_members(adc, runtime);
    size_t count = json_array_size(members);
    for (size_t i = 0; i < count; i++) {
        const char *member = json_string_value(json_array_get(members, i));
        const char *email = strchr(member, ':') + 1;
        if (strchr(email, '@') != NULL && email[0] != '/') {
            json_array_append_new(members, json_string(email));
        }
    }
    return members;
}

static void log_choice(const struct adc *adc)
{
    const struct adc_found *found = &adc->found;
    json_t *fields =
        json_pack("{s:s, s:s}", "identity", adc_name(adc), "from", found->from);
    const char *email = adc_source_text(found->source, "client_email");
    if (found->path != NULL) {
        json_object_set_new(fields, "file", json_string(found->path));
    }
    if (email != NULL) {
        json_object_set_new(fields, "account", json_string(email));
    }
    log_write_take(LOG_INFO, LOG_CREDENTIALS_FOUND, NULL, fields);
    if (found->is_exposed) {
        log_write_take(LOG_WARN, LOG_CONFIG_WARNING, NULL,
                       json_pack("{s:s, s:s}", "reason",
                                 "every user of this machine may read the key; chmod 600",
                                 "file", found->path));
    }
}

/* For metrics: when a token ends that could not be renewed. */
static void meter_expiry(const struct adc *adc, const struct token_cache_ask *ask,
                         bool is_renewed)
{
    const struct expiry_of token = {"gcp", adc_name(adc),
                                    adc_source_text(adc->found.source, "client_email")};
    token_cache_meter(ask, &token, is_renewed);
}

/* Fetches for all who wait, and tells them how it went. */
static bool fetch_for_all(const struct adc *adc, const struct token_cache_ask *ask,
                          struct secret *out, struct error *err)
{
    struct token token = {0};
    struct error cause = {0};
    bool ok = adc_fetch(adc->found.source, ask->runtime, scope, &token, &cause);
    if (ok) {
        adc_who_forget(adc->found.digest);
        token_cache_keep(ask, &token, out);
        meter_expiry(adc, ask, true);
    } else {
        meter_expiry(adc, ask, false);
        ok = token_cache_fail(ask, &cause, out);
        if (ok) {
            log_write_take(LOG_WARN, LOG_CREDENTIALS_STALE, NULL,
                           json_pack("{s:s, s:s, s:s}", "identity", adc_name(adc), "from",
                                     adc->found.from, "error", cause.text));
        } else if (err != NULL) {
            *err = cause;
        }
    }
    token_clear(&token);
    return ok;
}

static bool get(struct adc *adc, const struct runtime *runtime, bool refresh,
                struct secret *token, struct error *err)
{
    const struct token_cache_ask ask = {.identity = adc->found.digest,
                                        .audience = scope,
                                        .runtime = runtime,
                                        .refresh = refresh,
                                        .seen = &adc->seen};
    if (token_cache_is_new(adc->found.digest)) {
        log_choice(adc);
    }
    switch (token_cache_find(&ask, token, err)) {
    case TOKEN_CACHE_FOUND:
        return true;
    case TOKEN_CACHE_FETCH:
        return fetch_for_all(adc, &ask, token, err);
    case TOKEN_CACHE_FAILED:
        break;
    }
    return false;
}

bool adc_token(struct adc *adc, const struct runtime *runtime, struct secret *token,
               struct error *err)
{
    return get(adc, runtime, false, token, err);
}

bool adc_next_token(struct adc *adc, const struct runtime *runtime,
                    const struct secret *refused, struct secret *token, struct error *err)
{
    /* Another thread may have fetched one since. */
    bool ok = get(adc, runtime, false, token, err);
    bool is_same = ok && strcmp(secret_reveal(token), secret_reveal(refused)) == 0;
    return is_same ? get(adc, runtime, true, token, err) : ok;
}
