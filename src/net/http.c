#include "net/http.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "net/http_easy.h"
#include "net/http_guard.h"
#include "net/http_retry.h"
#include "net/http_trust.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/*
 * One easy handle a CA file: libcurl would otherwise give a connection that was
 * verified by one CA to a request that trusts only another.
 */
struct handle {
    struct handle *next;
    char *ca_file; /* NULL: the system's */
    CURL *easy;
};

struct http {
    struct handle *handles;
};

bool http_global_init(struct error *err)
{
    /* libcurl writes TLS session keys to the file this names, once set up. */
    unsetenv("SSLKEYLOGFILE");
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        return error_set(err, ERROR_CONFIG, "libcurl: %s", curl_easy_strerror(code));
    }
    return true;
}

void http_global_cleanup(void)
{
    http_trust_cleanup();
    curl_global_cleanup();
}

struct http *http_new(void)
{
    return mem_new(1, sizeof(struct http));
}

void http_free(struct http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->handles != NULL) {
        struct handle *next = http->handles->next;
        curl_easy_cleanup(http->handles->easy);
        free(http->handles->ca_file);
        free(http->handles);
        http->handles = next;
    }
    free(http);
}

void http_response_clear(struct http_response *response)
{
    buf_clear(&response->body);
    *response = (struct http_response){0};
}

static bool is_same_file(const char *left, const char *right)
{
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static CURL *easy_of(struct http *http, const char *ca_file)
{
    for (struct handle *at = http->handles; at != NULL; at = at->next) {
        if (is_same_file(at->ca_file, ca_file)) {
            return at->easy;
        }
    }
    struct handle *handle = mem_new(1, sizeof(*handle));
    handle->ca_file = ca_file == NULL ? NULL : mem_dup(ca_file);
    handle->easy = curl_easy_init();
    handle->next = http->handles;
    http->handles = handle;
    return handle->easy;
}

/* Takes the URL apart with the parser that will also send it. */
static bool parse_url(struct http_easy *transfer, struct error *err)
{
    const struct http_request *request = transfer->request;
    transfer->url = curl_url();
    /* As it is: what was signed must be what is sent. */
    CURLUcode code =
        curl_url_set(transfer->url, CURLUPART_URL, request->url, CURLU_PATH_AS_IS);
    if (code == CURLUE_OK) {
        code = curl_url_get(transfer->url, CURLUPART_SCHEME, &transfer->scheme, 0);
    }
    if (code == CURLUE_OK) {
        code = curl_url_get(transfer->url, CURLUPART_HOST, &transfer->host, 0);
    }
    if (code == CURLUE_OK) {
        code = curl_url_get(transfer->url, CURLUPART_PORT, &transfer->port,
                            CURLU_DEFAULT_PORT);
    }
    if (code != CURLUE_OK) {
        return error_set(err, ERROR_CONFIG, "a URL is not one: %s",
                         curl_url_strerror(code));
    }
    char *user = NULL;
    bool has_user = curl_url_get(transfer->url, CURLUPART_USER, &user, 0) == CURLUE_OK;
    curl_free(user);
    if (has_user) {
        return error_set(err, ERROR_CONFIG, "a URL must not hold a user name");
    }
    return http_guard_scheme(transfer->scheme, transfer->host, request->is_metadata, err);
}

static bool add_header(struct http_easy *transfer, const char *name, const char *value,
                       struct error *err)
{
    if (!http_guard_header(name, value, err)) {
        return false;
    }
    /* libcurl takes "Name:" as a wish to leave it out, and "Name;" as empty. */
    char *line =
        value[0] == '\0' ? mem_format("%s;", name) : mem_format("%s: %s", name, value);
    transfer->headers = curl_slist_append(transfer->headers, line);
    OPENSSL_cleanse(line, strlen(line));
    free(line);
    return true;
}

static void clear_headers(struct http_easy *transfer)
{
    for (struct curl_slist *at = transfer->headers; at != NULL; at = at->next) {
        OPENSSL_cleanse(at->data, strlen(at->data));
    }
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

static bool set_headers(struct http_easy *transfer, const struct http_extra *extra,
                        struct error *err)
{
    const struct http_request *request = transfer->request;
    bool has_type = false;
    for (size_t i = 0; i < request->header_count; i++) {
        has_type = has_type || curl_strequal(request->headers[i].name, "content-type");
        if (!add_header(transfer, request->headers[i].name, request->headers[i].value,
                        err)) {
            return false;
        }
    }
    for (size_t i = 0; i < extra->count; i++) {
        if (!add_header(transfer, extra->items[i].name, extra->items[i].value, err)) {
            return false;
        }
    }
    transfer->headers = curl_slist_append(transfer->headers, "Expect:");
    if (!has_type) {
        transfer->headers = curl_slist_append(transfer->headers, "Content-Type:");
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return true;
}

static const char *header_of(CURL *easy, const char *name)
{
    struct curl_header *header = NULL;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : "";
}

/* Copies value up to the first byte in stop. */
static void copy_value(char *out, size_t size, const char *value, const char *stop)
{
    size_t length = strcspn(value, stop);
    length = length < size ? length : size - 1;
    memcpy(out, value, length);
    out[length] = '\0';
}

/* What Azure Resource Manager says is left of the caller's reads; the least of them. */
static int64_t reads_left(CURL *easy)
{
    static const char *const names[] = {
        "x-ms-ratelimit-remaining-subscription-reads",
        "x-ms-ratelimit-remaining-tenant-reads",
        "x-ms-ratelimit-remaining-subscription-global-reads",
        "x-ms-ratelimit-remaining-tenant-global-reads"};
    int64_t least = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = header_of(easy, names[i]);
        if (value[0] < '0' || value[0] > '9') {
            continue;
        }
        int64_t left = strtoll(value, NULL, 10);
        left = left < 1 ? 1 : left;
        least = least == 0 || left < least ? left : least;
    }
    return least;
}

/* Every cookie that was set, without its attributes; those that do not fit are left out.
 */
static void read_cookies(CURL *easy, char *out, size_t room)
{
    struct curl_header *header = NULL;
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0;
         curl_easy_header(easy, "Set-Cookie", i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        size_t wanted = strcspn(header->value, ";");
        if (size + wanted + sizeof("; ") <= room) {
            size += (size_t)snprintf(out + size, room - size, "%s%.*s",
                                     size == 0 ? "" : "; ", (int)wanted, header->value);
        }
    }
}

static void read_headers(struct http_easy *transfer)
{
    struct http_response *response = transfer->response;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    if (!timestamp_parse_http(bytes_of(header_of(transfer->easy, "Date")),
                              &response->date_ms)) {
        response->date_ms = 0;
    }
    /* A date is measured on the clock of the peer that named it. */
    const struct runtime *runtime = transfer->runtime;
    int64_t now_ms =
        response->date_ms != 0 ? response->date_ms : runtime->now_ms(runtime->context);
    response->retry_after_ms =
        http_retry_after_ms(header_of(transfer->easy, "Retry-After"), now_ms);
    copy_value(response->content_type, sizeof(response->content_type),
               header_of(transfer->easy, "Content-Type"), "; \t");
    for (char *at = response->content_type; *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    copy_value(response->error_type, sizeof(response->error_type),
               header_of(transfer->easy, "x-amzn-errortype"), "");
    copy_value(response->flavor, sizeof(response->flavor),
               header_of(transfer->easy, "Metadata-Flavor"), "");
    read_cookies(transfer->easy, response->cookie, sizeof(response->cookie));
    response->reads_left = reads_left(transfer->easy);
    copy_value(response->challenge, sizeof(response->challenge),
               header_of(transfer->easy, "WWW-Authenticate"), "");
}

static bool report(const struct http_easy *transfer, CURLcode code, struct error *err)
{
    const char *reason =
        transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code);
    if (transfer->is_too_big || code == CURLE_FILESIZE_EXCEEDED) {
        return error_set(err, ERROR_TOO_BIG, "an answer of more than %zu bytes",
                         transfer->request->limit);
    }
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return error_set(err, ERROR_STOPPED, "stopped");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CERTPROBLEM: /* a client certificate that cannot be used */
        return error_set(err, ERROR_CONFIG, "%s", reason);
    default:
        return error_set(err, ERROR_UNREACHABLE, "%s", reason);
    }
}

/* Adds the caller's credential, where it may go. */
static bool authorize(const struct http_easy *transfer, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    const struct http_request *request = transfer->request;
    if (request->authorize == NULL) {
        return true;
    }
    if (!http_guard_credential(transfer->scheme, transfer->host, request->is_metadata,
                               err)) {
        return false;
    }
    if (request->credential_hosts != NULL &&
        !http_guard_listed(transfer->host, transfer->port, request->credential_hosts)) {
        return error_set(err, ERROR_CONFIG, "its credential is not meant for this host");
    }
    return request->authorize(request->context, request, refresh, extra, err);
}

static bool send_once(struct http_easy *transfer, bool refresh, struct error *err)
{
    struct http_extra extra = {0};
    int64_t timeout_ms = 0;

    http_response_clear(transfer->response);
    buf_init(&transfer->response->body, transfer->request->limit);
    transfer->is_too_big = false;
    transfer->reason[0] = '\0';

    bool ok = http_retry_budget(transfer->runtime, transfer->request, &timeout_ms, err) &&
              authorize(transfer, refresh, &extra, err) &&
              set_headers(transfer, &extra, err);
    http_extra_clear(&extra);
    if (ok) {
        http_easy_prepare(transfer, timeout_ms);
        CURLcode code = curl_easy_perform(transfer->easy);
        read_headers(transfer);
        ok = code == CURLE_OK || report(transfer, code, err);
    }
    curl_easy_reset(transfer->easy); /* forgets all but its connections */
    clear_headers(transfer);
    return ok;
}

bool http_send(struct http *http, const struct runtime *runtime,
               const struct http_request *request, struct http_response *response,
               struct error *err)
{
    struct http_easy transfer = {.runtime = runtime,
                                 .request = request,
                                 .response = response,
                                 .easy = easy_of(http, request->ca_file)};
    struct http_retry retry = {.runtime = runtime, .request = request};

    if (parse_url(&transfer, err) && http_easy_pin(&transfer, err)) {
        bool sent = false;
        do {
            sent = send_once(&transfer, retry.refresh, err);
        } while (http_retry_again(&retry, sent, response, err));
    }
    if (!retry.is_answered && transfer.host != NULL) {
        error_context(err, "%s", transfer.host);
    }
    curl_slist_free_all(transfer.pins);
    curl_free(transfer.scheme);
    curl_free(transfer.host);
    curl_free(transfer.port);
    curl_url_cleanup(transfer.url);
    return retry.is_answered;
}
