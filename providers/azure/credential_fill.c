#include "azure/credential_parts.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define IMDS_BASE "http://169.254.169.254"
#define IMDS_PATH "/metadata/identity/oauth2/token"
#define ARC_ENDPOINT "http://localhost:40342/metadata/identity/oauth2/token"
#define ARC_AGENT "/opt/azcmagent/bin/himds"

static char *copy(const char *text)
{
    return text == NULL ? NULL : mem_dup(text);
}

static bool ask_for(const char *key, const char *variable, struct error *err)
{
    return error_set(err, ERROR_CONFIG, "%s is missing; set it, or %s in the environment",
                     key, variable);
}

/* They become parts of URLs: a GUID, or a domain's name. */
static bool is_id(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.-") == strlen(text) &&
           text[0] != '.' && strlen(text) <= 253;
}

static bool fill_tenant(const json_t *settings, struct credential *credential,
                        struct error *err)
{
    const char *tenant = credential_setting(settings, "tenant_id", "AZURE_TENANT_ID");
    if (tenant == NULL) {
        return ask_for("tenant_id", "AZURE_TENANT_ID", err);
    }
    if (!is_id(tenant)) {
        return error_set(err, ERROR_CONFIG,
                         "tenant_id: must be the directory's id or one of its domains");
    }
    if (strcasecmp(tenant, "common") == 0 || strcasecmp(tenant, "organizations") == 0 ||
        strcasecmp(tenant, "consumers") == 0) {
        return error_set(
            err, ERROR_CONFIG,
            "tenant_id: an application signs in to one directory; give its id, "
            "not \"%s\"",
            tenant);
    }
    credential->tenant = mem_dup(tenant);
    return true;
}

static bool fill_application(const json_t *settings, struct credential *credential,
                             struct error *err)
{
    const char *client_id = credential_setting(settings, "client_id", "AZURE_CLIENT_ID");
    if (client_id == NULL) {
        return ask_for("client_id", "AZURE_CLIENT_ID", err);
    }
    if (!is_id(client_id)) {
        return error_set(err, ERROR_CONFIG,
                         "client_id: must be the application's id, a GUID");
    }
    credential->client_id = mem_dup(client_id);
    return fill_tenant(settings, credential, err);
}

static bool fill_secret(const json_t *settings, struct credential *credential,
                        struct error *err)
{
    const char *secret =
        credential_setting(settings, "client_secret", "AZURE_CLIENT_SECRET");
    if (secret == NULL) {
        return ask_for("client_secret", "AZURE_CLIENT_SECRET", err);
    }
    secret_set(&credential->secret, secret);
    return fill_application(settings, credential, err);
}

static bool is_true(const char *variable)
{
    return variable != NULL &&
           (strcmp(variable, "1") == 0 || strcasecmp(variable, "true") == 0);
}

static bool fill_certificate(const json_t *settings, struct credential *credential,
                             struct error *err)
{
    const char *path = credential_setting(settings, "client_certificate",
                                          "AZURE_CLIENT_CERTIFICATE_PATH");
    const char *given = credential_setting(settings, "client_certificate_password",
                                           "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    const char *algorithm = credential_setting(settings, "certificate_algorithm", NULL);
    const json_t *chain = json_object_get(settings, "send_certificate_chain");
    if (path == NULL) {
        return ask_for("client_certificate", "AZURE_CLIENT_CERTIFICATE_PATH", err);
    }
    credential->is_rs256 = algorithm != NULL && strcmp(algorithm, "RS256") == 0;
    credential->has_chain =
        chain != NULL
            ? json_is_true(chain)
            : is_true(credential_variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"));
    struct secret password = {0};
    if (given != NULL) {
        secret_set(&password, given);
    }
    bool ok = fill_application(settings, credential, err) &&
              certificate_load(path, &password, &credential->certificate, err);
    secret_clear(&password);
    return ok;
}

static bool fill_workload(const json_t *settings, struct credential *credential,
                          struct error *err)
{
    const char *path = credential_setting(settings, "federated_token_file",
                                          "AZURE_FEDERATED_TOKEN_FILE");
    if (path == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "federated_token_file is missing; set it, or let AKS set "
                         "AZURE_FEDERATED_TOKEN_FILE: label the pod "
                         "azure.workload.identity/use: \"true\"");
    }
    credential->token_file = mem_dup(path);
    return fill_application(settings, credential, err);
}

/* Where an environment variable says that a metadata service is. */
static bool check_endpoint(const char *variable, const char *url, struct error *err)
{
    const char *host = strstr(url, "://");
    if (strncmp(url, "http", strlen("http")) != 0 || host == NULL ||
        strcspn(url, "?#@ ") != strlen(url)) {
        return error_set(err, ERROR_CONFIG, "%s: must be a URL without a query",
                         variable);
    }
    return true;
}

static bool fill_imds(struct credential *credential, struct error *err)
{
    static const char variable[] = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    const char *base = credential_variable(variable);
    credential->kind = CREDENTIAL_IMDS;
    if (base == NULL) {
        credential->endpoint = mem_dup(IMDS_BASE IMDS_PATH);
        return true;
    }
    if (!check_endpoint(variable, base, err)) {
        return false;
    }
    size_t size = strlen(base);
    while (size > 0 && base[size - 1] == '/') {
        size--;
    }
    credential->endpoint = mem_format("%.*s" IMDS_PATH, (int)size, base);
    return true;
}

static bool fill_app_service(struct credential *credential, const char *endpoint,
                             const char *header, struct error *err)
{
    credential->kind = CREDENTIAL_APP_SERVICE;
    if (!check_endpoint("IDENTITY_ENDPOINT", endpoint, err)) {
        return false;
    }
    credential->endpoint = mem_dup(endpoint);
    secret_set(&credential->secret, header);
    return true;
}

static bool fill_arc(struct credential *credential, const char *endpoint,
                     struct error *err)
{
    credential->kind = CREDENTIAL_ARC;
    if (credential->client_id != NULL || credential->object_id != NULL ||
        credential->resource_id != NULL) {
        return error_set(err, ERROR_CONFIG,
                         "a machine of Azure Arc has only its system-assigned identity; "
                         "remove client_id (or AZURE_CLIENT_ID) and managed_identity_*");
    }
    endpoint = endpoint == NULL ? ARC_ENDPOINT : endpoint;
    credential->endpoint = mem_dup(endpoint);
    return check_endpoint("IDENTITY_ENDPOINT", endpoint, err);
}

static bool fill_selector(const json_t *settings, struct credential *credential,
                          struct error *err)
{
    const char *object_id =
        credential_setting(settings, "managed_identity_object_id", NULL);
    const char *resource_id =
        credential_setting(settings, "managed_identity_resource_id", NULL);
    bool has_other = object_id != NULL || resource_id != NULL;
    const char *client_id =
        credential_setting(settings, "client_id", has_other ? NULL : "AZURE_CLIENT_ID");
    if ((object_id != NULL) + (resource_id != NULL) + (client_id != NULL) > 1) {
        return error_set(err, ERROR_CONFIG,
                         "a user-assigned managed identity is named once: keep one of "
                         "client_id, managed_identity_object_id and "
                         "managed_identity_resource_id");
    }
    credential->object_id = copy(object_id);
    credential->resource_id = copy(resource_id);
    credential->client_id = copy(client_id);
    return true;
}

/* Which of the platform's services gives tokens, in the order of Microsoft's clients. */
static bool fill_managed(const json_t *settings, struct credential *credential,
                         struct error *err)
{
    const char *endpoint = credential_variable("IDENTITY_ENDPOINT");
    const char *header = credential_variable("IDENTITY_HEADER");
    if (!fill_selector(settings, credential, err)) {
        return false;
    }
    if (endpoint != NULL && header != NULL) {
        return credential_variable("IDENTITY_SERVER_THUMBPRINT") == NULL
                   ? fill_app_service(credential, endpoint, header, err)
                   : error_set(err, ERROR_CONFIG,
                               "managed identity of Service Fabric is not supported; set "
                               "client_certificate or client_secret");
    }
    if (endpoint != NULL && credential_variable("IMDS_ENDPOINT") != NULL) {
        return fill_arc(credential, endpoint, err);
    }
    if (endpoint == NULL && credential_variable("MSI_ENDPOINT") != NULL) {
        return error_set(err, ERROR_CONFIG,
                         "managed identity of Cloud Shell and Azure ML (MSI_ENDPOINT) is "
                         "not supported; set credential: azure-cli, or a client secret");
    }
    bool is_arc = credential_variable("AZURE_POD_IDENTITY_AUTHORITY_HOST") == NULL &&
                  access(ARC_AGENT, X_OK) == 0;
    return is_arc ? fill_arc(credential, NULL, err) : fill_imds(credential, err);
}

bool credential_fill(const json_t *settings, struct credential *credential,
                     struct error *err)
{
    switch (credential->kind) {
    case CREDENTIAL_CLIENT_SECRET:
        return fill_secret(settings, credential, err);
    case CREDENTIAL_CLIENT_CERTIFICATE:
        return fill_certificate(settings, credential, err);
    case CREDENTIAL_WORKLOAD_IDENTITY:
        return fill_workload(settings, credential, err);
    case CREDENTIAL_AZURE_CLI:
        return credential_setting(settings, "tenant_id", "AZURE_TENANT_ID") == NULL ||
               fill_tenant(settings, credential, err);
    default:
        return fill_managed(settings, credential, err);
    }
}
