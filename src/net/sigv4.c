#include "net/sigv4.h"

#include "base/mem.h"
#include "net/canonical.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { DAY_SIZE = 8 /* "20260101" */ };

static const char algorithm[] = "AWS4-HMAC-SHA256";

/* Proxies add, change or drop these, so no AWS library signs them. */
static const char *const unsigned_names[] = {
    "authorization", "connection", "expect",          "transfer-encoding",
    "user-agent",    "x-amz-date", "x-amzn-trace-id", "x-amz-security-token",
};

static bool is_unsigned(const char *name)
{
    for (size_t i = 0; i < sizeof(unsigned_names) / sizeof(unsigned_names[0]); i++) {
        if (strcasecmp(unsigned_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_token(const struct sigv4_key *key)
{
    return key->session_token != NULL && secret_is_set(key->session_token);
}

static void hmac(struct bytes key, const char *text, uint8_t out[DIGEST_SIZE])
{
    size_t size = 0;
    if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.data, key.size,
                  (const unsigned char *)text, strlen(text), out, DIGEST_SIZE,
                  &size) == NULL) {
        abort(); /* OpenSSL without HMAC cannot sign anything */
    }
}

/* The chain date, region, service, "aws4_request" turns the secret into a day's key. */
static void sign(const struct sigv4_key *key, const char *date, struct sigv4_result *out)
{
    uint8_t digest[DIGEST_SIZE];
    char day[DAY_SIZE + 1] = {0};
    memcpy(day, date, DAY_SIZE);
    char *seed = mem_format("AWS4%s", secret_reveal(key->secret_access_key));
    hmac(bytes_of(seed), day, digest);
    OPENSSL_cleanse(seed, strlen(seed));
    free(seed);

    const struct bytes chained = {digest, sizeof(digest)};
    const char *const steps[] = {key->region, key->service, "aws4_request"};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        uint8_t next[DIGEST_SIZE];
        hmac(chained, steps[i], next);
        memcpy(digest, next, sizeof(digest));
        OPENSSL_cleanse(next, sizeof(next));
    }
    uint8_t signature[DIGEST_SIZE];
    hmac(chained, buf_text(&out->to_sign), signature);
    digest_hex((struct bytes){signature, sizeof(signature)}, out->signature);
    OPENSSL_cleanse(digest, sizeof(digest));
}

static void add_path(const struct sigv4_key *key, const char *path, struct buf *out)
{
    struct buf plain;
    buf_init(&plain, SIZE_MAX);
    if (key->normalise) {
        canonical_normalise(path, &plain);
    } else {
        buf_add_text(&plain, path[0] == '\0' ? "/" : path);
    }
    if (key->is_single) {
        buf_add_bytes(out, buf_bytes(&plain));
    } else {
        canonical_encode(buf_bytes(&plain), "/", out);
    }
    buf_clear(&plain);
}

static void add_headers(const struct sigv4_key *key, const struct sigv4_request *request,
                        struct canonical_list *headers)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        bool is_ours =
            key->sign_body && strcasecmp(header->name, "x-amz-content-sha256") == 0;
        if (!is_unsigned(header->name) && !is_ours) {
            canonical_add_header(headers, header->name, header->value);
        }
    }
}

/* Starts result: its dates, the body's digest, and empty buffers. */
static void begin(const struct sigv4_request *request, int64_t now_ms,
                  struct sigv4_result *result)
{
    uint8_t digest[DIGEST_SIZE];
    *result = (struct sigv4_result){0};
    buf_init(&result->canonical, SIZE_MAX); /* bounded by the request, which exists */
    buf_init(&result->to_sign, SIZE_MAX);
    buf_init(&result->authorization, SIZE_MAX);
    buf_init(&result->query, SIZE_MAX);
    timestamp_format_compact(now_ms, result->date);
    if (request->body_sha256 != NULL) {
        snprintf(result->body_sha256, sizeof(result->body_sha256), "%s",
                 request->body_sha256);
        return;
    }
    digest_sha256(request->body, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, result->body_sha256);
}

static char *scope_of(const struct sigv4_key *key, const char *date)
{
    return mem_format("%.*s/%s/%s/aws4_request", DAY_SIZE, date, key->region,
                      key->service);
}

/* Writes the canonical request and signs it; headers and query are complete. */
static void finish(const struct sigv4_key *key, const struct sigv4_request *request,
                   struct canonical_list *headers, struct canonical_list *query,
                   struct sigv4_result *result)
{
    struct buf *canonical = &result->canonical;
    buf_addf(canonical, "%s\n", request->method);
    add_path(key, request->path, canonical);
    buf_add_byte(canonical, '\n');
    canonical_write_query(query, canonical);
    buf_add_byte(canonical, '\n');
    canonical_write_headers(headers, canonical);
    buf_add_byte(canonical, '\n');
    canonical_write_names(headers, canonical);
    buf_addf(canonical, "\n%s", result->body_sha256);

    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(buf_bytes(canonical), digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    char *scope = scope_of(key, result->date);
    buf_addf(&result->to_sign, "%s\n%s\n%s\n%s", algorithm, result->date, scope, hex);
    free(scope);
    sign(key, result->date, result);
}

void sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *request,
                int64_t now_ms, struct sigv4_result *result)
{
    struct canonical_list headers = {0};
    struct canonical_list query = {0};
    begin(request, now_ms, result);

    add_headers(key, request, &headers);
    canonical_add_header(&headers, "x-amz-date", result->date);
    if (key->sign_body) {
        canonical_add_header(&headers, "x-amz-content-sha256", result->body_sha256);
    }
    if (has_token(key) && !key->omit_token) {
        canonical_add_header(&headers, "x-amz-security-token",
                             secret_reveal(key->session_token));
    }
    canonical_add_query(&query, request->query);
    finish(key, request, &headers, &query, result);

    char *scope = scope_of(key, result->date);
    buf_addf(&result->authorization, "%s Credential=%s/%s, SignedHeaders=", algorithm,
             secret_reveal(key->access_key_id), scope);
    canonical_write_names(&headers, &result->authorization);
    buf_addf(&result->authorization, ", Signature=%s", result->signature);
    free(scope);
    canonical_list_clear(&headers);
    canonical_list_clear(&query);
}

static void add_text(struct canonical_list *query, const char *name, const char *value)
{
    canonical_add_parameter(query, bytes_of(name), bytes_of(value));
}

void sigv4_presign(const struct sigv4_key *key, const struct sigv4_request *request,
                   int64_t now_ms, int expires_s, struct sigv4_result *result)
{
    struct canonical_list headers = {0};
    struct canonical_list query = {0};
    struct buf names;
    buf_init(&names, SIZE_MAX);
    begin(request, now_ms, result);

    add_headers(key, request, &headers);
    canonical_write_names(&headers, &names);
    canonical_add_query(&query, request->query);
    char *scope = scope_of(key, result->date);
    char *credential = mem_format("%s/%s", secret_reveal(key->access_key_id), scope);
    char *expires = mem_format("%d", expires_s);
    add_text(&query, "X-Amz-Algorithm", algorithm);
    add_text(&query, "X-Amz-Credential", credential);
    add_text(&query, "X-Amz-Date", result->date);
    add_text(&query, "X-Amz-Expires", expires);
    add_text(&query, "X-Amz-SignedHeaders", buf_text(&names));
    if (has_token(key) && !key->omit_token) {
        add_text(&query, "X-Amz-Security-Token", secret_reveal(key->session_token));
    }
    finish(key, request, &headers, &query, result);

    if (has_token(key) && key->omit_token) {
        add_text(&query, "X-Amz-Security-Token", secret_reveal(key->session_token));
    }
    canonical_write_query(&query, &result->query);
    buf_addf(&result->query, "&X-Amz-Signature=%s", result->signature);
    free(expires);
    free(credential);
    free(scope);
    buf_clear(&names);
    canonical_list_clear(&headers);
    canonical_list_clear(&query);
}

/* The session token is among what was signed. */
static void wipe(struct buf *buf)
{
    if (buf->data != NULL) {
        OPENSSL_cleanse(buf->data, buf->capacity);
    }
    buf_clear(buf);
}

void sigv4_result_clear(struct sigv4_result *result)
{
    wipe(&result->canonical);
    wipe(&result->to_sign);
    wipe(&result->authorization);
    wipe(&result->query);
    *result = (struct sigv4_result){0};
}
