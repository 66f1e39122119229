#include "aws/client.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "net/sigv4.h"

#include <stdlib.h>

enum {
    SKEW_MIN_MS = 4 * MS_PER_MINUTE, /* services allow five */
};

bool client_open_as(struct client *client, const char *configured, const char *ca_file,
                    struct error *err)
{
    client->ca_file = ca_file == NULL ? NULL : mem_dup(ca_file);
    if (!endpoint_find(client->service, client->region, configured, &client->endpoint,
                       err)) {
        return false;
    }
    client->hosts[0] = client->endpoint.host;
    client->hosts[1] = NULL;
    if (client->identity == NULL) {
        return true;
    }
    client->skew_ms = identity_skew_ms(client->identity);
    return identity_get(client->identity, client->runtime, &client->credentials, err);
}

bool client_open(struct client *client, const json_t *settings, const char *configured,
                 struct error *err)
{
    const char *ca_file = json_string_value(json_object_get(settings, "ca_file"));
    return identity_find(settings, client->region, &client->identity, err) &&
           client_open_as(client, configured, ca_file, err);
}

void client_clear(struct client *client)
{
    free(client->region);
    free(client->ca_file);
    endpoint_clear(&client->endpoint);
    credentials_clear(&client->credentials);
    *client = (struct client){0};
}

static int64_t service_now_ms(const struct client *client)
{
    return client->runtime->now_ms(client->runtime->context) + client->skew_ms;
}

static bool add_signature(const struct client *client, const struct http_request *request,
                          struct http_extra *extra, struct error *err)
{
    const struct client_call *call = client->call;
    struct http_header headers[1 + CLIENT_HEADERS_MAX] = {
        {"Host", client->endpoint.host}};
    memcpy(headers + 1, request->headers,
           request->header_count * sizeof(*request->headers));
    const struct sigv4_key key = {
        .access_key_id = &client->credentials.access_key_id,
        .secret_access_key = &client->credentials.secret_access_key,
        .session_token = &client->credentials.session_token,
        .region = client->region,
        .service = client->service,
        .normalise = !call->is_object,
        .is_single = call->is_object,
        .sign_body = call->is_object,
    };
    char *path = mem_format("/%s", call->path == NULL ? "" : call->path);
    const struct sigv4_request to_sign = {
        .method = request->method,
        .path = path,
        .query = "",
        .headers = headers,
        .header_count = 1 + request->header_count,
        .body = request->body,
        .body_sha256 = call->body_sha256,
    };
    struct sigv4_result result;
    sigv4_sign(&key, &to_sign, service_now_ms(client), &result);

    bool ok =
        http_extra_add(extra, "X-Amz-Date", result.date, err) &&
        http_extra_add(extra, "Authorization", buf_text(&result.authorization), err) &&
        (!call->is_object ||
         http_extra_add(extra, "X-Amz-Content-Sha256", result.body_sha256, err));
    if (ok && secret_is_set(key.session_token)) {
        ok = http_extra_add(extra, "X-Amz-Security-Token",
                            secret_reveal(key.session_token), err);
    }
    sigv4_result_clear(&result);
    free(path);
    return ok;
}

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    struct client *client = context;
    bool must_renew = refresh && client->is_expired && client->identity != NULL;
    client->is_expired = false;
    if (must_renew &&
        !identity_renew(client->identity, client->runtime, &client->credentials, err)) {
        return false;
    }
    return add_signature(client, request, extra, err);
}

/* Takes over the service's clock when that may be why it refused a signature. */
static bool learn_skew(struct client *client, const struct http_response *response)
{
    if (response->date_ms == 0) {
        return false;
    }
    int64_t off_ms = response->date_ms - service_now_ms(client);
    if (off_ms >= -SKEW_MIN_MS && off_ms <= SKEW_MIN_MS) {
        return false;
    }
    client->skew_ms += off_ms;
    if (client->identity != NULL) {
        identity_set_skew(client->identity, client->skew_ms);
    }
    return true;
}

static enum http_class classify(void *context, const struct http_response *response)
{
    struct client *client = context;
    struct fault fault = fault_read(response);
    switch (fault.kind) {
    case FAULT_THROTTLED:
        return HTTP_THROTTLED;
    case FAULT_EXPIRED:
        client->is_expired = client->identity != NULL;
        return client->is_expired ? HTTP_REFRESH : HTTP_ANSWERED;
    case FAULT_SIGNATURE:
        if (learn_skew(client, response)) {
            return HTTP_REFRESH;
        }
        /* EC2's word for expired credentials, and others' for an old signature. */
        client->is_expired =
            client->identity != NULL && strcmp(fault.code, "RequestExpired") == 0;
        return client->is_expired ? HTTP_REFRESH : HTTP_ANSWERED;
    case FAULT_DENIED:
    case FAULT_OTHER:
        break;
    }
    return HTTP_ANSWERED;
}

static const char *from_of(const struct client *client)
{
    return client->credentials.from == NULL ? "caller" : client->credentials.from;
}

static bool refuse(const struct client *client, const struct client_call *call,
                   const struct fault *fault, int status, struct error *err)
{
    switch (fault->kind) {
    case FAULT_DENIED:
        return error_set(err, ERROR_DENIED, "%s: this identity may not call %s; %s",
                         fault->code, call->action,
                         call->remedy == NULL ? "allow it in its IAM policy"
                                              : call->remedy);
    case FAULT_EXPIRED:
        return error_set(err, ERROR_DENIED,
                         "%s: AWS no longer knows the credentials from the %s; "
                         "renew them",
                         fault->code, from_of(client));
    case FAULT_SIGNATURE:
        return error_set(err, ERROR_DENIED,
                         "%s: check the secret key from the %s and this machine's clock",
                         fault->code, from_of(client));
    case FAULT_THROTTLED:
        return error_set(err, ERROR_BUSY, "%s", fault->code);
    case FAULT_OTHER:
        break;
    }
    if (fault->code[0] == '\0') {
        /* No AWS service answers so; something between us does. */
        return error_set(err, ERROR_UNREACHABLE, "HTTP %d without an AWS error code",
                         status);
    }
    return error_set(err, ERROR_CONFIG, "HTTP %d %s", status, fault->code);
}

/* Sends it; url is the whole address. */
static bool exchange(struct client *client, const struct client_call *call,
                     const char *url, struct http_response *response, struct error *err)
{
    const struct http_header json[] = {
        {"Content-Type", "application/x-amz-json-1.1"},
        {"X-Amz-Target", call->target},
    };
    static const struct http_header query[] = {
        {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
    };
    struct http_request request = {
        .method = call->method == NULL ? "POST" : call->method,
        .url = url,
        .headers = call->target != NULL ? json : query,
        .header_count = call->target != NULL ? 2 : 1,
        .body = call->body,
        .deadline_ms = call->deadline_ms,
        .limit = call->limit,
        .ca_file = client->ca_file,
        .authorize = call->is_unsigned ? NULL : authorize,
        .classify = classify,
        .credential_hosts = client->hosts,
        .context = client,
    };
    if (call->headers != NULL) {
        request.headers = call->headers;
        request.header_count = call->header_count;
    }
    client->call = call;
    return client->runtime->http(client->runtime->context, &request, response, err);
}

bool client_send(struct client *client, const struct client_call *call,
                 struct http_response *response, struct fault *fault, struct error *err)
{
    *fault = (struct fault){.kind = FAULT_OTHER};
    char *url =
        mem_format("%s%s", client->endpoint.url, call->path == NULL ? "" : call->path);
    bool is_answered = exchange(client, call, url, response, err);
    free(url);
    if (!is_answered) {
        return false;
    }
    if (response->status >= 200 && response->status <= 299) {
        return true;
    }
    *fault = fault_read(response);
    return refuse(client, call, fault, response->status, err);
}

void client_add_parameter(struct buf *body, const char *name, const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-_.~";
    buf_addf(body, "%s%s=", body->size == 0 ? "" : "&", name);
    for (const char *at = value; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL) {
            buf_add_byte(body, (uint8_t)*at);
        } else {
            buf_addf(body, "%%%02X", (uint8_t)*at);
        }
    }
}
