#include "sinks/post.h"

#include "base/mem.h"
#include "net/gzip.h"
#include "net/http.h"
#include "sinks/credential.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

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
    body->count = 0;
}

void post_body_reset(struct post_body *body)
{
    body->plain.size = 0;
    body->count = 0;
}

bool post_body_add(struct post_body *body, struct bytes event)
{
    struct buf *plain = &body->plain;
    bool is_array = body->options->is_array;
    size_t before = plain->size;
    if (event.size + 2 > plain->limit - before) { /* what stands around it, or behind */
        return false;
    }
    if (is_array) {
        buf_add_byte(plain, body->count == 0 ? '[' : ',');
    }
    buf_add_bytes(plain, event);
    if (!is_array) {
        buf_add_byte(plain, '\n');
    }
    body->count++;
    return true;
}

/* What goes over the wire. */
static struct bytes finish(struct post_body *body)
{
    if (body->options->is_array) {
        buf_add_byte(&body->plain, ']'); /* post_body_add left room */
    }
    if (!body->options->is_gzip) {
        return buf_bytes(&body->plain);
    }
    body->packed.size = 0;
    gzip_pack(buf_bytes(&body->plain), &body->packed); /* PACKED_ROOM is enough */
    return buf_bytes(&body->packed);
}

/* "user:password" in base64. */
static char *basic_value(const char *username, const char *password)
{
    char *login = mem_format("%s:%s", username, password);
    size_t size = strlen(login);
    char *encoded = mem_alloc(4 * ((size + 2) / 3) + 1);
    EVP_EncodeBlock((uint8_t *)encoded, (const uint8_t *)login, (int)size);
    char *value = mem_format("Basic %s", encoded);
    OPENSSL_cleanse(login, size);
    OPENSSL_cleanse(encoded, strlen(encoded));
    free(login);
    free(encoded);
    return value;
}

static bool add_secret(const struct post_options *options, const struct secret *secret,
                       struct http_extra *extra, struct error *err)
{
    const char *name = "Authorization";
    char *value = NULL;
    switch (options->auth) {
    case POST_AUTH_NONE:
        return true;
    case POST_AUTH_API_KEY:
        name = options->auth_header;
        value = mem_dup(secret_reveal(secret));
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

/* Headers of the file may be secret too: they go the same way. */
static bool add_headers(void *context, const struct http_request *request, bool refresh,
                        struct http_extra *extra, struct error *err)
{
    (void)request;
    const struct post_options *options = context;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(options->headers, name, value)
    {
        if (!http_extra_add(extra, name, json_string_value(value), err)) {
            return false;
        }
    }
    if (options->credential == NULL) {
        return true;
    }
    struct secret secret = {0};
    bool ok = credential_get(options->credential, refresh, &secret, err) &&
              add_secret(options, &secret, extra, err);
    secret_clear(&secret);
    return ok || error_context(err, "%s", options->auth_key);
}

static enum http_class classify(void *context, const struct http_response *response)
{
    const struct post_options *options = context;
    if (response->status == TOO_EARLY) {
        return HTTP_THROTTLED;
    }
    bool is_refreshable =
        response->status == 401 && credential_is_file(options->credential);
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

enum post_verdict post_send(struct post_body *body, const struct runtime *runtime,
                            int64_t deadline_ms, struct error *err)
{
    const struct post_options *options = body->options;
    const struct http_header headers[] = {{"Content-Type", options->content_type},
                                          {"Content-Encoding", "gzip"}};
    const struct http_request request = {
        .method = "POST",
        .url = options->url,
        .headers = headers,
        .header_count = options->is_gzip ? 2 : 1,
        .body = finish(body),
        .limit = ANSWER_MAX,
        .timeout_ms = options->timeout_ms,
        .deadline_ms = deadline_ms,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .proxy = options->proxy,
        .proxy_login = secret_is_set(&options->proxy_login)
                           ? secret_reveal(&options->proxy_login)
                           : NULL,
        .authorize = add_headers,
        .classify = classify,
        .context = (void *)options, /* only read */
    };
    struct http_response response = {0};
    bool answered = runtime->http(runtime->context, &request, &response, err);
    enum post_verdict verdict =
        answered ? judge(options, response.status, err) : fail(err);
    http_response_clear(&response);
    return verdict;
}
