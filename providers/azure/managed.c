#include "azure/managed.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "net/form.h"
#include "net/http.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    URL_MAX = 4096,
    KEY_MAX = 4096,
    TIMEOUT_MS = 10 * MS_PER_SECOND,
    DEADLINE_MS = MS_PER_MINUTE,
};

static const char arc_keys[] = "/var/opt/azcmagent/tokens/";

static const struct service {
    enum credential_kind kind;
    const char *version;
    const char *resource_id; /* its name for the ARM id of an identity */
} services[] = {
    {CREDENTIAL_IMDS, "2018-02-01", "msi_res_id"},
    {CREDENTIAL_APP_SERVICE, "2019-08-01", "mi_res_id"},
    {CREDENTIAL_ARC, "2020-06-01", "msi_res_id"},
};

static const struct service *service_of(const struct credential *credential)
{
    const struct service *service = services;
    while (service->kind != credential->kind) {
        service++; /* all three are there */
    }
    return service;
}

static bool add_optional(struct buf *url, const char *name, const char *value)
{
    return value == NULL || form_add(url, name, value);
}

static bool write_url(const struct credential *credential, const char *audience,
                      struct buf *url, struct error *err)
{
    const struct service *service = service_of(credential);
    bool ok = buf_add_text(url, credential->endpoint) && buf_add_byte(url, '?') &&
              form_add(url, "api-version", service->version) &&
              form_add(url, "resource", audience) &&
              add_optional(url, "client_id", credential->client_id) &&
              add_optional(url, "object_id", credential->object_id) &&
              add_optional(url, service->resource_id, credential->resource_id);
    return ok || error_set(err, ERROR_CONFIG, "the identity's name is too long");
}

struct ask {
    const struct credential *credential;
    char *key_path; /* of Arc, once it asked for it */
};

char *managed_key_path(const char *challenge)
{
    static const char realm[] = "Basic realm=";
    if (strncasecmp(challenge, realm, strlen(realm)) != 0) {
        return NULL;
    }
    char *path =
        mem_dup(challenge + strlen(realm) + (challenge[strlen(realm)] == '"' ? 1 : 0));
    path[strcspn(path, "\", \t")] = '\0';
    size_t size = strlen(path);
    const char *name = path + strlen(arc_keys);
    bool is_key = strncmp(path, arc_keys, strlen(arc_keys)) == 0 &&
                  strchr(name, '/') == NULL && size > strlen(arc_keys) + strlen(".key") &&
                  strcmp(path + size - strlen(".key"), ".key") == 0;
    if (!is_key) {
        free(path);
        return NULL;
    }
    return path;
}

/* Only who may read the key is given a token. */
static bool add_key(const char *path, struct http_extra *extra, struct error *err)
{
    struct buf file;
    buf_init(&file, KEY_MAX + 1);
    bool ok = key_file_read(path, &file, err);
    if (ok) {
        const char *key = buf_text(&file);
        char *value = mem_format("Basic %.*s", (int)strcspn(key, "\r\n"), key);
        ok = http_extra_add(extra, "Authorization", value, err);
        OPENSSL_cleanse(value, strlen(value));
        free(value);
    }
    key_file_clear(&file);
    return ok || error_context(err,
                               "Azure Arc's key %s; this program's user must be in the "
                               "group himds",
                               path);
}

/* What only that service may see. */
static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    const struct ask *ask = context;
    if (ask->credential->kind == CREDENTIAL_APP_SERVICE) {
        return http_extra_add(extra, "X-IDENTITY-HEADER",
                              secret_reveal(&ask->credential->secret), err);
    }
    return !refresh || ask->key_path == NULL || add_key(ask->key_path, extra, err);
}

static enum http_class classify(void *context, const struct http_response *response)
{
    struct ask *ask = context;
    if (ask->credential->kind == CREDENTIAL_ARC && response->status == 401 &&
        ask->key_path == NULL) {
        ask->key_path = managed_key_path(response->challenge);
        return ask->key_path == NULL ? HTTP_ANSWERED : HTTP_REFRESH;
    }
    /* IMDS and the identity's agent are still starting. */
    bool is_early = response->status == 404 || response->status == 410;
    return is_early && ask->credential->kind == CREDENTIAL_IMDS ? HTTP_THROTTLED
                                                                : HTTP_ANSWERED;
}

static bool get(struct ask *ask, const struct runtime *runtime, const char *url,
                struct http_response *response, struct error *err)
{
    static const struct http_header header = {"Metadata", "true"};
    const struct http_request request = {
        .method = "GET",
        .url = url,
        .headers = &header,
        .header_count = ask->credential->kind == CREDENTIAL_APP_SERVICE ? 0 : 1,
        .limit = TOKEN_ANSWER_MAX,
        .timeout_ms = TIMEOUT_MS,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + DEADLINE_MS,
        .is_metadata = true,
        .authorize = authorize,
        .classify = classify,
        .context = ask,
    };
    return runtime->http(runtime->context, &request, response, err);
}

static bool is_user_assigned(const struct credential *credential)
{
    return credential->client_id != NULL || credential->object_id != NULL ||
           credential->resource_id != NULL;
}

static bool refuse(const struct credential *credential, int status, struct error *err)
{
    const char *remedy =
        "this resource has no system-assigned identity; switch it on, or name a "
        "user-assigned one by client_id";
    if (credential->kind == CREDENTIAL_ARC) {
        remedy = "Azure Arc gave no token; see that the agent is connected (azcmagent "
                 "show)";
    } else if (status == 401) {
        remedy = "IDENTITY_HEADER was refused; it is App Service's, and not to be set";
    } else if (status != 400 && status != 404) {
        remedy = "no metadata service of Azure answers so; on other machines set a "
                 "secret, a certificate or a federated token";
    } else if (is_user_assigned(credential)) {
        remedy = "the user-assigned identity is not one of this resource; assign it, or "
                 "correct client_id (AZURE_CLIENT_ID)";
    }
    return error_set(err, ERROR_DENIED, "HTTP %d: %s", status, remedy);
}

static bool read_answer(const struct credential *credential,
                        const struct runtime *runtime,
                        const struct http_response *response, struct token *token,
                        struct error *err)
{
    if (response->status != 200) {
        return refuse(credential, response->status, err);
    }
    int64_t now_ms =
        response->date_ms != 0 ? response->date_ms : runtime->now_ms(runtime->context);
    return token_read(buf_bytes(&response->body), now_ms, token, err);
}

bool managed_token(const struct credential *credential, const struct runtime *runtime,
                   const char *audience, struct token *token, struct error *err)
{
    struct ask ask = {.credential = credential};
    struct http_response response = {0};
    struct buf url;
    buf_init(&url, URL_MAX);

    bool ok = write_url(credential, audience, &url, err) &&
              get(&ask, runtime, buf_text(&url), &response, err) &&
              read_answer(credential, runtime, &response, token, err);
    key_file_clear(&response.body);
    http_response_clear(&response);
    buf_clear(&url);
    free(ask.key_path);
    return ok ||
           error_context(err, "%s%s", credential_name(credential->kind),
                         credential->is_fallback ? ", as no credential is set" : "");
}
