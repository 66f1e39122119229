#include "gcp/adc_source.h"

#include "base/mem.h"
#include "gcp/adc_host.h"
#include "gcp/adc_source_parts.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_UNIVERSE "googleapis.com"
#define LOGIN_AGAIN "; run \"gcloud auth application-default login\" again"

enum { DEPTH_MAX = 4 };

static const char *const names[] = {
    [ADC_METADATA] = "metadata server",
    [ADC_SERVICE_ACCOUNT] = "service account key",
    [ADC_USER] = "user login",
    [ADC_FEDERATION] = "workload identity federation",
    [ADC_FEDERATED_USER] = "workforce login",
    [ADC_IMPERSONATION] = "service account impersonation",
};

const char *adc_source_name(const struct adc_source *source)
{
    return names[source->kind];
}

const char *adc_source_text(const struct adc_source *source, const char *name)
{
    const char *text = json_string_value(json_object_get(source->file, name));
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : mem_dup(text);
}

static void wipe(json_t *value)
{
    const char *name = NULL;
    json_t *member = NULL;
    if (json_is_string(value)) {
        OPENSSL_cleanse((void *)json_string_value(value), json_string_length(value));
    }
    json_object_foreach(value, name, member)
    {
        wipe(member);
    }
}

void adc_source_free(struct adc_source *source)
{
    if (source == NULL) {
        return;
    }
    adc_source_free(source->base);
    wipe(source->file);
    json_decref(source->file);
    secret_clear(&source->key);
    secret_clear(&source->client_secret);
    free(source->universe);
    free(source->url);
    free(source->ca_file);
    free(source);
}

static struct adc_source *start(enum adc_kind kind, const struct adc_rules *rules)
{
    struct adc_source *source = mem_new(1, sizeof(*source));
    source->kind = kind;
    source->universe =
        mem_dup(rules->universe == NULL ? DEFAULT_UNIVERSE : rules->universe);
    source->ca_file = copy(rules->ca_file);
    return source;
}

struct adc_source *adc_source_metadata(const struct adc_rules *rules)
{
    return start(ADC_METADATA, rules);
}

struct adc_source *adc_source_impersonate_take(struct adc_source *base, const char *email)
{
    struct adc_rules rules = {.universe = base->universe, .ca_file = base->ca_file};
    struct adc_source *source = start(ADC_IMPERSONATION, &rules);
    source->url = mem_format("https://iamcredentials.%s/v1/projects/-/serviceAccounts/%s"
                             ":generateAccessToken",
                             base->universe, email);
    source->base = base;
    return source;
}

bool adc_source_need(const struct adc_source *source, const char *name, struct error *err)
{
    return adc_source_text(source, name) != NULL ||
           error_set(err, ERROR_CONFIG, "\"%s\" is missing; it is not a whole file",
                     name);
}

void adc_source_take(struct adc_source *source, const char *name, struct secret *secret)
{
    const char *text = adc_source_text(source, name);
    if (text != NULL) {
        secret_set(secret, text);
        wipe(json_object_get(source->file, name));
        json_object_del(source->file, name);
    }
}

static bool take_secret(struct adc_source *source, const char *name,
                        struct secret *secret, struct error *err)
{
    bool ok = adc_source_need(source, name, err);
    adc_source_take(source, name, secret);
    return ok;
}

bool adc_source_keep_url(struct adc_source *source, const struct adc_rules *rules,
                         const char *name, const char *fallback, struct error *err)
{
    const char *url = adc_source_text(source, name);
    char *made = NULL;
    if (url == NULL && fallback == NULL) {
        return adc_source_need(source, name, err);
    }
    if (url == NULL) {
        size_t service = strcspn(fallback, "/");
        made = mem_format("https://%.*s.%s%s", (int)service, fallback, source->universe,
                          fallback + service);
        url = made;
    }
    bool ok = adc_host_check(name, url, source->universe, rules->hosts, err);
    if (ok) {
        source->url = mem_dup(url);
    }
    free(made);
    return ok;
}

static bool read_service_account(struct adc_source *source, const struct adc_rules *rules,
                                 struct error *err)
{
    /* Other universes have no token endpoint (AIP-4111). */
    source->is_self_signed =
        rules->is_self_signed || strcmp(source->universe, DEFAULT_UNIVERSE) != 0;
    return adc_source_need(source, "client_email", err) &&
           take_secret(source, "private_key", &source->key, err) &&
           adc_source_check_key(source, err) &&
           adc_source_keep_url(source, rules, "token_uri", "oauth2/token", err);
}

static bool read_user(struct adc_source *source, const struct adc_rules *rules,
                      struct error *err)
{
    bool ok = adc_source_need(source, "client_id", err) &&
              take_secret(source, "client_secret", &source->client_secret, err) &&
              take_secret(source, "refresh_token", &source->key, err);
    if (!ok) {
        return error_context(err, "user login" LOGIN_AGAIN);
    }
    return adc_source_keep_url(source, rules, "token_uri", "oauth2/token", err);
}

static bool read_federated_user(struct adc_source *source, const struct adc_rules *rules,
                                struct error *err)
{
    return adc_source_need(source, "client_id", err) &&
           take_secret(source, "client_secret", &source->client_secret, err) &&
           take_secret(source, "refresh_token", &source->key, err) &&
           adc_source_keep_url(source, rules, "token_url", "sts/v1/oauthtoken", err);
}

static bool read_any(json_t *file, const struct adc_rules *rules, int depth,
                     struct adc_source **source, struct error *err);

static bool read_impersonation(struct adc_source *source, const struct adc_rules *rules,
                               int depth, struct error *err)
{
    json_t *base = json_object_get(source->file, "source_credentials");
    if (!json_is_object(base)) {
        return error_set(err, ERROR_CONFIG, "\"source_credentials\" is missing");
    }
    return adc_source_keep_url(source, rules, "service_account_impersonation_url", NULL,
                               err) &&
           (read_any(base, rules, depth + 1, &source->base, err) ||
            error_context(err, "source_credentials"));
}

static const struct type {
    const char *name;
    enum adc_kind kind;
    bool (*read)(struct adc_source *source, const struct adc_rules *rules,
                 struct error *err);
} types[] = {
    {"service_account", ADC_SERVICE_ACCOUNT, read_service_account},
    {"authorized_user", ADC_USER, read_user},
    {"external_account", ADC_FEDERATION, adc_source_read_federation},
    {"external_account_authorized_user", ADC_FEDERATED_USER, read_federated_user},
    {"impersonated_service_account", ADC_IMPERSONATION, NULL},
};

static const struct type *find_type(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

/* A file may not move us to another universe by itself: its hosts would get tokens. */
static bool check_universe(const struct adc_source *source, struct error *err)
{
    const char *universe = adc_source_text(source, "universe_domain");
    return universe == NULL || strcmp(universe, source->universe) == 0 ||
           error_set(err, ERROR_CONFIG,
                     "\"universe_domain\" is not %s; if the file is right, set "
                     "universe_domain in the configuration to the same",
                     source->universe);
}

/* An external account may go on to a service account of its own. */
static bool wrap_impersonation(struct adc_source **source, const struct adc_rules *rules,
                               struct error *err)
{
    static const char name[] = "service_account_impersonation_url";
    struct adc_source *base = *source;
    if (base->kind != ADC_FEDERATION || adc_source_text(base, name) == NULL) {
        return true;
    }
    struct adc_source *outer = start(ADC_IMPERSONATION, rules);
    outer->base = base;
    outer->file =
        json_pack("{s:s, s:O?, s:O?}", name, adc_source_text(base, name),
                  "service_account_impersonation",
                  json_object_get(base->file, "service_account_impersonation"),
                  "quota_project_id", json_object_get(base->file, "quota_project_id"));
    *source = outer;
    return adc_source_keep_url(outer, rules, name, NULL, err);
}

static bool read_any(json_t *file, const struct adc_rules *rules, int depth,
                     struct adc_source **source, struct error *err)
{
    const char *name = json_string_value(json_object_get(file, "type"));
    const struct type *type = find_type(name);
    if (type == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "\"type\" must be service_account, external_account, "
                         "impersonated_service_account or authorized_user");
    }
    if (depth > DEPTH_MAX) {
        return error_set(err, ERROR_CONFIG, "more than %d credentials inside one another",
                         DEPTH_MAX);
    }
    struct adc_source *made = start(type->kind, rules);
    made->file = json_incref(file);
    bool ok = check_universe(made, err) &&
              (type->read == NULL ? read_impersonation(made, rules, depth, err)
                                  : type->read(made, rules, err)) &&
              wrap_impersonation(&made, rules, err);
    if (!ok) {
        adc_source_free(made);
        return false;
    }
    *source = made;
    return true;
}

bool adc_source_read(json_t *file, const struct adc_rules *rules,
                     struct adc_source **source, struct error *err)
{
    return read_any(file, rules, 0, source, err);
}
