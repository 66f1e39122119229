#include "azure/api.h"

#include "azure/cloud.h"
#include "azure/fault.h"
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "config/url.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum {
    READS_FEW = 50, /* of the 250 that a principal has; 25 a second come back */
    READS_WAIT_MS = 2 * MS_PER_SECOND,
};

const char *api_tenant(const json_t *settings)
{
    const char *tenant = object_text(settings, "tenant_id");
    if (tenant == NULL) {
        tenant = getenv("AZURE_TENANT_ID");
    }
    return tenant == NULL || tenant[0] == '\0' ? NULL : tenant;
}

/* Takes url's scheme, host and port; it may have no path. */
static bool take_base(struct api *api, const char *url, struct error *err)
{
    struct url_origin origin;
    if (!url_split(url, &origin)) {
        return error_set(err, ERROR_CONFIG,
                         "endpoint: must be like https://host[:port], without a path");
    }
    api->base = mem_dup_bytes(url, origin.size);
    api->hosts[0] = mem_dup_bytes(origin.host, origin.host_size);
    return true;
}

bool api_open(struct api *api, enum api_kind kind, const json_t *settings,
              const struct runtime *runtime, struct error *err)
{
    const struct cloud *cloud = cloud_find(settings);
    const char *usual = kind == API_GRAPH ? cloud->graph : cloud->management;
    const char *configured = object_text(settings, "endpoint");
    const char *ca_file = object_text(settings, "ca_file");
    *api = (struct api){.kind = kind,
                        .runtime = runtime,
                        .audience = mem_dup(usual),
                        .ca_file = ca_file == NULL ? NULL : mem_dup(ca_file)};
    return take_base(api, configured == NULL ? usual : configured, err) &&
           identity_new(settings, &api->identity, err);
}

void api_clear(struct api *api)
{
    identity_free(api->identity);
    free(api->base);
    free(api->audience);
    free(api->hosts[0]);
    free(api->ca_file);
    *api = (struct api){0};
}

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    struct api *api = context;
    struct secret token = {0};
    bool has_token =
        refresh
            ? identity_next_token(api->identity, api->runtime, api->audience, &token, err)
            : identity_token(api->identity, api->runtime, api->audience, &token, err);
    if (!has_token) {
        return false;
    }
    char *value = mem_format("Bearer %s", secret_reveal(&token));
    bool ok = http_extra_add(extra, "Authorization", value, err);
    OPENSSL_cleanse(value, strlen(value));
    free(value);
    secret_clear(&token);
    return ok;
}

/* Any 401 may be an expired or revoked token: it is fetched anew, once. */
static enum http_class classify(void *context, const struct http_response *response)
{
    (void)context;
    return response->status == 401 ? HTTP_REFRESH : HTTP_ANSWERED;
}

static const char token_refused[] =
    "the token was refused, also after it was fetched anew; check \"tenant_id\", "
    "\"cloud\" and \"endpoint\"";

static bool refuse(const struct api_call *call, const struct http_response *response,
                   struct error *err)
{
    char code[FAULT_CODE_SIZE];
    fault_code(response, code);
    bool is_denied = response->status == 401 || response->status == 403;
    if (code[0] == '\0' && !is_denied) {
        /* Neither ARM nor Graph answers so; something between us does. */
        return error_set(err, ERROR_UNREACHABLE, "HTTP %d without an Azure error code",
                         response->status);
    }
    const char *remedy = fault_remedy(code);
    if (remedy == NULL && is_denied) {
        remedy = response->status == 401 ? token_refused : call->denied;
    }
    return error_set(err, is_denied ? ERROR_DENIED : ERROR_CONFIG, "HTTP %d %s%s%s",
                     response->status, code[0] == '\0' ? "no error code" : code,
                     remedy == NULL ? "" : ": ", remedy == NULL ? "" : remedy);
}

/*
 * 500 and 504 are about this request, which a shorter window may spare them; the others
 * about the service, except behind a nextLink, where the service just worked.
 */
static bool is_window_too_long(const struct api_call *call, int status)
{
    return status == 500 || status == 504 ||
           (!call->is_first && status > 500 && status <= 599);
}

static bool check_answer(const struct api_call *call,
                         const struct http_response *response, struct error *err)
{
    if (response->status != 200) {
        return refuse(call, response, err);
    }
    if (strncmp(response->content_type, "text/", strlen("text/")) == 0) {
        return error_set(err, ERROR_UNREACHABLE,
                         "HTTP 200 with %s instead of JSON: something between us and "
                         "Azure answered, such as a proxy's sign-in page",
                         response->content_type);
    }
    return true;
}

static bool pace(struct api *api, struct error *err)
{
    bool is_low = api->reads_left > 0 && api->reads_left < READS_FEW;
    return !is_low || api->runtime->wait(api->runtime->context, READS_WAIT_MS, err);
}

bool api_get(struct api *api, const struct api_call *call, struct http_response *response,
             struct error *err)
{
    static const struct http_header headers[] = {{"Accept", "application/json"}};
    const struct http_request request = {
        .method = "GET",
        .url = call->url,
        .headers = headers,
        .header_count = 1,
        .limit = call->limit,
        .ca_file = api->ca_file,
        .authorize = authorize,
        .classify = classify,
        .credential_hosts = (const char *const *)api->hosts,
        .context = api,
    };
    if (!pace(api, err)) {
        return false;
    }
    bool ok = api->runtime->http(api->runtime->context, &request, response, err);
    api->reads_left = response->reads_left;
    if (ok) {
        return check_answer(call, response, err);
    }
    if (err != NULL && err->kind == ERROR_UNREACHABLE &&
        is_window_too_long(call, response->status)) {
        err->kind = ERROR_TOO_BIG;
    }
    return false;
}
