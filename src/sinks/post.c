#include "sinks/post.h"

#include "base/mem.h"
#include "net/basic.h"
#include "net/gzip.h"
#include "sinks/credential.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 1 << 20,
    PACKED_ROOM = 256 << 10, /* what compression may add to bytes that do not shrink */
    TOO_EARLY = 425,
};

void post_body_init(struct post_body *body, const struct post_options *options)
{
    *body = (struct post_body){.options = options};
    buf_init(&body->plain, options->body_max);
    buf_init(&body->packed, options->body_max + PACKED_ROOM);
}

void post_body_clear(struct post_body *body)
{
    buf_clear(&body->plain);
    buf_clear(&body->packed);
    free(body->outcomes);
    body->outcomes = NULL;
    body->room = 0;
    body->count = 0;
}

void post_body_reset(struct post_body *body)
{
    body->plain.size = 0;
    body->count = 0;
}

bool post_body_add(struct post_body *body, const struct post_event *event)
{
    struct buf *plain = &body->plain;
    size_t before = plain->size;
    const struct post_dialect *dialect = body->options->dialect;
    bool fits = dialect->add(body->options, plain, body->count, event) &&
                plain->limit - plain->size >= dialect->end_room;
    if (!fits) {
        plain->size = before;
        return false;
    }
    body->count++;
    return true;
}

/* What goes over the wire. */
static struct bytes finish(struct post_body *body)
{
    const struct post_options *options = body->options;
    if (options->dialect->end != NULL) {
        options->dialect->end(options, &body->plain);
    }
    if (!options->is_gzip) {
        return buf_bytes(&body->plain);
    }
    body->packed.size = 0;
    gzip_pack(buf_bytes(&body->plain), &body->packed); /* PACKED_ROOM is enough */
    return buf_bytes(&body->packed);
}

/* The caller wipes and frees. */
static char *basic_value(const char *username, const char *password)
{
    char *encoded = basic_encode(username, password);
    char *value = mem_format("Basic %s", encoded);
    OPENSSL_cleanse(encoded, strlen(encoded));
    free(encoded);
    return value;
}

static bool add_secret(const struct post_options *options, const struct secret *secret,
                       struct http_extra *extra, struct error *err)
{
    const char *prefix = options->dialect->key_prefix;
    const char *name = "Authorization";
    char *value = NULL;
    switch (options->auth) {
    case POST_AUTH_NONE:
        return true;
    case POST_AUTH_API_KEY:
        name = options->auth_header;
        value = mem_format("%s%s", prefix == NULL ? "" : prefix, secret_reveal(secret));
        break;
    case POST_AUTH_BEARER:
        value = mem_format("Bearer %s", secret_reveal(secret));
        break;
    case POST_AUTH_BASIC:
        value = basic_value(options->username, secret_reveal(secret));
        break;
    }
    bool ok = http_extra_add(extra, name, value, err);
    OPENSSL_cleanse(value, strlen(value));
    free(value);
    return ok;
}

static bool add_credential(const struct post_options *options, bool refresh,
                           struct http_extra *extra, struct error *err)
{
    if (options->credential == NULL) {
        return true;
    }
    struct secret secret = {0};
    bool ok = credential_get(options->credential, refresh, &secret, err) &&
              add_secret(options, &secret, extra, err);
    secret_clear(&secret);
    return ok || error_context(err, "%s", options->auth_key);
}

/* Headers of the file may be secret too: they go the same way. */
static bool add_headers(void *context, const struct http_request *request, bool refresh,
                        struct http_extra *extra, struct error *err)
{
    const struct post_call *call = context;
    const struct post_options *options = call->options;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(options->headers, name, value)
    {
        if (!http_extra_add(extra, name, json_string_value(value), err)) {
            return false;
        }
    }
    return add_credential(options, refresh, extra, err) &&
           (options->dialect->headers == NULL ||
            options->dialect->headers(call, request, refresh, extra, err));
}

static enum http_class classify(void *context, const struct http_response *response)
{
    const struct post_call *call = context;
    const struct post_dialect *dialect = call->options->dialect;
    if (response->status == TOO_EARLY) {
        return HTTP_THROTTLED;
    }
    bool is_refreshable =
        (response->status == 401 && credential_is_file(call->options->credential)) ||
        (dialect->is_stale != NULL && dialect->is_stale(response));
    return is_refreshable ? HTTP_REFRESH : HTTP_ANSWERED;
}

static enum post_verdict judge(const struct post_options *options, int status,
                               struct error *err)
{
    if (status >= 200 && status <= 299) {
        return POST_ACCEPTED;
    }
    if (status == 401) {
        const char *key = options->auth_key;
        error_set(err, ERROR_DENIED, "HTTP 401: %s%s",
                  key == NULL ? "it wants a credential and none is set"
                              : "the platform refuses the credential in ",
                  key == NULL ? "" : key);
        return POST_DENIED;
    }
    if (status < 400 || status == 407) {
        error_set(err, ERROR_DENIED, "HTTP %d: %s", status,
                  status == 407 ? "the proxy wants proxy_username and proxy_password"
                                : "no redirect is followed; set url to where it leads");
        return POST_DENIED;
    }
    error_set(err, ERROR_DATA, "HTTP %d", status);
    switch (status) {
    case 413:
        return POST_TOO_BIG;
    case 400:
    case 422:
        return POST_REFUSED;
    default:
        return POST_DOUBTED;
    }
}

#ifndef BRIDGE_TEST_DROP_BUSY
static enum post_verdict fail(const struct error *err)
{
    (void)err;
    return POST_FAILED;
}
#else
/* Wrong on purpose: proves that the fault table finds a sink that drops on 429. */
static enum post_verdict fail(const struct error *err)
{
    return err->kind == ERROR_BUSY ? POST_ACCEPTED : POST_FAILED;
}
#endif

/* A request of this sink, of which the address and the body are still to be said. */
static struct http_request request_of(const struct post_call *call)
{
    const struct post_options *options = call->options;
    return (struct http_request){
        .method = "POST",
        .limit = ANSWER_MAX,
        .timeout_ms = options->timeout_ms,
        .deadline_ms = call->deadline_ms,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .proxy = options->proxy,
        .proxy_login = secret_is_set(&options->proxy_login)
                           ? secret_reveal(&options->proxy_login)
                           : NULL,
        .authorize = add_headers,
        .classify = classify,
        .context =
            (void *)(uintptr_t)call, /* only read, and there until it is answered */
    };
}

bool post_ask(const struct post_call *call, const struct post_question *question,
              struct http_response *response, struct error *err)
{
    const struct http_header headers[] = {{"Content-Type", "application/json"},
                                          {"Cookie", question->cookie}};
    struct http_request request = request_of(call);
    request.url = question->url;
    request.headers = headers;
    request.header_count = question->cookie[0] == '\0' ? 1 : 2;
    request.body = question->body;
    return call->runtime->http(call->runtime->context, &request, response, err);
}

/* What the dialect says of an answer; else what any sink would. */
static enum post_verdict judge_all(const struct post_call *call, struct post_body *body,
                                   const struct http_response *response,
                                   struct error *err)
{
    const struct post_options *options = call->options;
    enum post_verdict verdict = POST_AS_USUAL;
    if (options->dialect->judge != NULL) {
        if (body->room < body->count) {
            body->outcomes =
                mem_resize(body->outcomes, body->count, sizeof(*body->outcomes));
            body->room = body->count;
        }
        memset(body->outcomes, 0, body->count * sizeof(*body->outcomes));
        verdict =
            options->dialect->judge(call, response, body->outcomes, body->count, err);
    }
    return verdict == POST_AS_USUAL ? judge(options, response->status, err) : verdict;
}

enum post_verdict post_send(struct post_body *body, const struct runtime *runtime,
                            int64_t deadline_ms, struct error *err)
{
    const struct post_options *options = body->options;
    const struct post_call call = {options, runtime, deadline_ms};
    const struct http_header headers[] = {{"Content-Type", options->content_type},
                                          {"Content-Encoding", "gzip"}};
    struct http_request request = request_of(&call);
    request.url = options->url;
    request.headers = headers;
    request.header_count = options->is_gzip ? 2 : 1;
    request.body = finish(body);
    struct http_response response = {0};
    bool answered = runtime->http(runtime->context, &request, &response, err);
    enum post_verdict verdict =
        answered ? judge_all(&call, body, &response, err) : fail(err);
    http_response_clear(&response);
    return verdict;
}
