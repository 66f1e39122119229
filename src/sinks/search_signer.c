#include "sinks/search_signer.h"

#include "aws/fault.h"
#include "aws/identity.h"
#include "base/mem.h"
#include "base/object.h"
#include "net/sigv4.h"

#include <stdlib.h>
#include <string.h>

static const char *const services[] = {"es", "aoss", NULL};

const struct setting search_signer_settings[] = {
    {.name = "aws_region",
     .type = SETTING_TEXT,
     .pattern = "a-z0-9-",
     .help = "of an AWS domain or collection: requests are signed for this region"},
    {.name = "aws_service",
     .type = SETTING_CHOICE,
     .choices = services,
     .help = "aoss for OpenSearch Serverless; else as the url says"},
    IDENTITY_SETTINGS,
    {.type = SETTING_END},
};

struct search_signer {
    struct identity *identity; /* lives as long as the process */
    char *region;
    const char *service; /* of services */
};

const char *search_signer_fault(const json_t *settings, const char **key)
{
    static const char *const others[] = {
        "aws_service", "profile", "credential_process", "role_arn", "external_id", NULL};
    static const char *const credentials[] = {
        "api_key", "api_key_file", "bearer_token", "bearer_token_file", "username", NULL};
    bool is_signed = object_text(settings, "aws_region") != NULL;
    const char *const *names = is_signed ? credentials : others;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (json_object_get(settings, names[i]) != NULL) {
            *key = names[i];
            return is_signed ? "is a second credential beside \"aws_region\"; keep one"
                             : "goes with \"aws_region\"";
        }
    }
    return NULL;
}

static bool ends_with(const char *text, size_t size, const char *end)
{
    size_t length = strlen(end);
    return size >= length && memcmp(text + size - length, end, length) == 0;
}

/* "host" or "host:port" of url, and where its path begins. */
static struct bytes host_of(const char *url, const char **path)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + strlen("://");
    size_t size = strcspn(host, "/?");
    *path = host + size;
    return (struct bytes){(const uint8_t *)host, size};
}

static const char *service_of(const json_t *settings)
{
    const char *said = object_text(settings, "aws_service");
    const char *path = NULL;
    struct bytes host = host_of(object_text(settings, "url"), &path);
    bool is_serverless = said == NULL ? ends_with((const char *)host.data, host.size,
                                                  ".aoss.amazonaws.com")
                                      : strcmp(said, "aoss") == 0;
    return services[is_serverless];
}

bool search_signer_new(const json_t *settings, struct search_signer **signer,
                       struct error *err)
{
    const char *region = object_text(settings, "aws_region");
    struct identity *identity = NULL;
    *signer = NULL;
    if (region == NULL) {
        return true;
    }
    if (!identity_find(settings, region, &identity, err)) {
        return false;
    }
    *signer = mem_new(1, sizeof(**signer));
    **signer = (struct search_signer){identity, mem_dup(region), service_of(settings)};
    return true;
}

void search_signer_free(struct search_signer *signer)
{
    if (signer != NULL) {
        free(signer->region);
        free(signer);
    }
}

static bool add_headers(const struct sigv4_key *key, struct sigv4_result *result,
                        struct http_extra *extra, struct error *err)
{
    const char *authorization = buf_text(&result->authorization);
    return http_extra_add(extra, "X-Amz-Date", result->date, err) &&
           http_extra_add(extra, "Authorization", authorization, err) &&
           http_extra_add(extra, "X-Amz-Content-Sha256", result->body_sha256, err) &&
           (!secret_is_set(key->session_token) ||
            http_extra_add(extra, "X-Amz-Security-Token",
                           secret_reveal(key->session_token), err));
}

static bool sign(const struct search_signer *signer, const struct sigv4_key *key,
                 const struct search_try *try, struct http_extra *extra,
                 struct error *err)
{
    const struct http_request *request = try->request;
    const char *path = NULL;
    struct bytes host = host_of(request->url, &path);
    size_t path_size = strcspn(path, "?");
    char *host_text = mem_dup_bytes(host.data, host.size);
    char *path_text = mem_dup_bytes(path, path_size);
    struct http_header headers[HTTP_HEADERS_MAX + 1] = {{"Host", host_text}};
    memcpy(headers + 1, request->headers,
           request->header_count * sizeof(*request->headers));
    const struct sigv4_request to_sign = {
        .method = request->method,
        .path = path_text,
        .query = path[path_size] == '\0' ? "" : path + path_size + 1,
        .headers = headers,
        .header_count = 1 + request->header_count,
        .body = request->body,
    };
    int64_t now_ms =
        try->runtime->now_ms(try->runtime->context) + identity_skew_ms(signer->identity);
    struct sigv4_result result = {0};
    sigv4_sign(key, &to_sign, now_ms, &result);
    bool ok = add_headers(key, &result, extra, err);
    sigv4_result_clear(&result);
    free(host_text);
    free(path_text);
    return ok;
}

bool search_signer_add(const struct search_signer *signer, const struct search_try *try,
                       struct http_extra *extra, struct error *err)
{
    struct credentials credentials = {0};
    const struct sigv4_key key = {
        .access_key_id = &credentials.access_key_id,
        .secret_access_key = &credentials.secret_access_key,
        .session_token = &credentials.session_token,
        .region = signer->region,
        .service = signer->service,
        .sign_body = true,
    };
    bool ok = identity_get(signer->identity, try->runtime, &credentials, err) &&
              (!try->refresh ||
               identity_renew(signer->identity, try->runtime, &credentials, err)) &&
              sign(signer, &key, try, extra, err);
    credentials_clear(&credentials);
    return ok;
}

/* A domain says it in words alone: {"message":"The security token ... is expired"}. */
static bool says_expired(const struct http_response *response)
{
    json_t *answer =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const char *message = object_text(answer, "message");
    bool is_expired = message != NULL && strstr(message, "is expired") != NULL;
    json_decref(answer);
    return is_expired;
}

bool search_signer_is_stale(const struct http_response *response)
{
    return response->status == 403 &&
           (fault_read(response).kind == FAULT_EXPIRED || says_expired(response));
}
