#include "azure/cloud.h"
#include "azure/credential.h"
#include "azure/credential_parts.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct choice {
    const char *setting;  /* of "credential" */
    const char *variable; /* of AZURE_TOKEN_CREDENTIALS, as Microsoft's SDKs name it */
    enum credential_kind kind;
} choices[] = {
    {"client-secret", "", CREDENTIAL_CLIENT_SECRET},
    {"client-certificate", "", CREDENTIAL_CLIENT_CERTIFICATE},
    {"workload-identity", "workloadidentitycredential", CREDENTIAL_WORKLOAD_IDENTITY},
    {"managed-identity", "managedidentitycredential", CREDENTIAL_MANAGED_IDENTITY},
    {"azure-cli", "azureclicredential", CREDENTIAL_AZURE_CLI},
    {"azure-cli", "dev", CREDENTIAL_AZURE_CLI},
    {"auto", "prod", CREDENTIAL_AUTO},
};
enum { CHOICES = sizeof(choices) / sizeof(choices[0]) };

const char *const credential_choices[] = {"auto",
                                          "client-secret",
                                          "client-certificate",
                                          "workload-identity",
                                          "managed-identity",
                                          "azure-cli",
                                          NULL};

const char *credential_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *credential_setting(const json_t *settings, const char *key, const char *name)
{
    const char *value = json_string_value(json_object_get(settings, key));
    return value != NULL || name == NULL ? value : credential_variable(name);
}

/* What each kind cannot do without; the first that is there decides, unless two are. */
static const struct sign {
    const char *key;
    const char *variable;
    enum credential_kind kind;
} signs[] = {
    {"client_secret", "AZURE_CLIENT_SECRET", CREDENTIAL_CLIENT_SECRET},
    {"client_certificate", "AZURE_CLIENT_CERTIFICATE_PATH",
     CREDENTIAL_CLIENT_CERTIFICATE},
    {"federated_token_file", "AZURE_FEDERATED_TOKEN_FILE", CREDENTIAL_WORKLOAD_IDENTITY},
    {"managed_identity_object_id", NULL, CREDENTIAL_MANAGED_IDENTITY},
    {"managed_identity_resource_id", NULL, CREDENTIAL_MANAGED_IDENTITY},
};
enum { SIGNS = sizeof(signs) / sizeof(signs[0]) };

/* By what the configuration holds. *kind stays AUTO when it holds nothing. */
static bool choose_by_settings(const json_t *settings, enum credential_kind *kind,
                               struct error *err)
{
    const char *first = NULL;
    for (size_t i = 0; i < SIGNS; i++) {
        if (json_object_get(settings, signs[i].key) == NULL) {
            continue;
        }
        if (first != NULL) {
            return error_set(err, ERROR_CONFIG,
                             "%s and %s are both set; keep one, or say which by "
                             "\"credential\"",
                             first, signs[i].key);
        }
        first = signs[i].key;
        *kind = signs[i].kind;
    }
    return true;
}

/* AZURE_TOKEN_CREDENTIALS narrows what the environment may mean. */
static bool choose_by_name(enum credential_kind *kind, bool *is_environment,
                           struct error *err)
{
    const char *name = credential_variable("AZURE_TOKEN_CREDENTIALS");
    *is_environment = name != NULL && strcasecmp(name, "EnvironmentCredential") == 0;
    if (name == NULL || *is_environment) {
        return true;
    }
    for (size_t i = 0; i < CHOICES; i++) {
        if (strcasecmp(choices[i].variable, name) == 0) {
            *kind = choices[i].kind;
            return true;
        }
    }
    return error_set(err, ERROR_CONFIG,
                     "AZURE_TOKEN_CREDENTIALS must be prod, dev, EnvironmentCredential, "
                     "WorkloadIdentityCredential, ManagedIdentityCredential or "
                     "AzureCliCredential; or set \"credential\" in the configuration");
}

/* In the order of Microsoft's SDKs: secret before certificate, then the platform's. */
static bool choose_by_environment(struct credential *credential, struct error *err)
{
    bool is_environment = false;
    if (!choose_by_name(&credential->kind, &is_environment, err)) {
        return false;
    }
    if (credential->kind != CREDENTIAL_AUTO) {
        credential->from = "AZURE_TOKEN_CREDENTIALS";
        return true;
    }
    for (size_t i = 0; i < SIGNS; i++) {
        bool is_key = signs[i].kind == CREDENTIAL_CLIENT_SECRET ||
                      signs[i].kind == CREDENTIAL_CLIENT_CERTIFICATE;
        if (signs[i].variable != NULL && (is_key || !is_environment) &&
            credential_variable(signs[i].variable) != NULL) {
            credential->kind = signs[i].kind;
            credential->from = signs[i].variable;
            return true;
        }
    }
    if (is_environment) {
        return error_set(
            err, ERROR_CONFIG,
            "AZURE_TOKEN_CREDENTIALS says EnvironmentCredential, and neither "
            "AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set");
    }
    credential->kind = CREDENTIAL_MANAGED_IDENTITY;
    credential->from = "nothing else is set";
    credential->is_fallback = true;
    return true;
}

static bool choose(const json_t *settings, struct credential *credential,
                   struct error *err)
{
    const char *wanted = credential_setting(settings, "credential", NULL);
    credential->kind = CREDENTIAL_AUTO;
    credential->from = "configuration";
    for (size_t i = 0; wanted != NULL && i < CHOICES; i++) {
        if (strcmp(choices[i].setting, wanted) == 0) {
            credential->kind = choices[i].kind;
            break;
        }
    }
    if (credential->kind == CREDENTIAL_AUTO &&
        !choose_by_settings(settings, &credential->kind, err)) {
        return false;
    }
    return credential->kind != CREDENTIAL_AUTO || choose_by_environment(credential, err);
}

/* Keeps url without its last slash, and the host that secrets may go to. */
static bool keep_authority(struct credential *credential, const char *url,
                           struct error *err)
{
    const char *fault = url_fault(url);
    struct url_origin origin = {0};
    if (fault == NULL && !url_split(url, &origin)) {
        fault = "must be like https://login.microsoftonline.com, without a path";
    }
    if (fault != NULL) {
        return error_set(err, ERROR_CONFIG, "%s", fault);
    }
    credential->authority_host = mem_dup_bytes(origin.host, origin.host_size);
    credential->authority = mem_dup_bytes(url, origin.size);
    return true;
}

/* An environment may move the authority; anywhere but to Microsoft is worth a line. */
static void warn_authority(const struct credential *credential)
{
    if (!cloud_has_authority(credential->authority_host)) {
        log_write_take(LOG_WARN, LOG_CONFIG_WARNING, NULL,
                       json_pack("{s:s, s:s, s:s}", "reason",
                                 "the environment says where Entra ID is", "variable",
                                 "AZURE_AUTHORITY_HOST", "endpoint",
                                 credential->authority));
    }
}

static bool find_authority(const json_t *settings, struct credential *credential,
                           struct error *err)
{
    const char *configured = credential_setting(settings, "authority", NULL);
    const char *variable = credential_variable("AZURE_AUTHORITY_HOST");
    if (configured != NULL) {
        return keep_authority(credential, configured, err) ||
               error_context(err, "authority");
    }
    if (variable == NULL || json_object_get(settings, "cloud") != NULL) {
        return keep_authority(credential, cloud_find(settings)->authority, err);
    }
    if (!keep_authority(credential, variable, err)) {
        return error_context(err, "AZURE_AUTHORITY_HOST");
    }
    warn_authority(credential);
    return true;
}

bool credential_find(const json_t *settings, struct credential *credential,
                     struct error *err)
{
    *credential = (struct credential){0};
    const char *ca_file = credential_setting(settings, "ca_file", NULL);
    credential->ca_file = ca_file == NULL ? NULL : mem_dup(ca_file);
    bool ok = choose(settings, credential, err) &&
              find_authority(settings, credential, err) &&
              credential_fill(settings, credential, err);
    if (!ok) {
        credential_clear(credential);
    }
    return ok;
}
