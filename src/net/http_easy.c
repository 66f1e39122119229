#include "net/http_easy.h"

#include "base/mem.h"
#include "net/http_guard.h"
#include "net/http_trust.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_MS = 10000,
    STALL_S = 25, /* longer than the 20 s for which a queue may hold an answer back */
    STOP_GRACE_MS = 10000, /* a stop lets a request in flight end for so long */
};

bool http_easy_pin(struct http_easy *transfer, struct error *err)
{
    if (transfer->request->proxy != NULL && strcmp(transfer->scheme, "https") != 0) {
        return error_set(err, ERROR_CONFIG, "a proxy would read what is sent over http");
    }
    const char *file = transfer->request->ca_file;
    if (file == NULL) {
        file = curl_version_info(CURLVERSION_NOW)->cainfo;
    }
    if (file == NULL) {
        return error_set(err, ERROR_CONFIG, "no CA file: set ca_file");
    }
    if (curl_strequal(transfer->host, "localhost")) {
        char *pin = mem_format("localhost:%s:127.0.0.1,[::1]", transfer->port);
        transfer->pins = curl_slist_append(NULL, pin);
        free(pin);
    }
    transfer->store = http_trust_find(file, err);
    return transfer->store != NULL;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct http_easy *transfer = context;
    if (!buf_add(&transfer->response->body, data, size * count)) {
        transfer->is_too_big = true;
        return 0;
    }
    return size * count;
}

static CURLcode give_store(CURL *easy, void *ssl, void *context)
{
    (void)easy;
    const struct http_easy *transfer = context;
    SSL_CTX_set1_cert_store(ssl, transfer->store);
    return CURLE_OK;
}

static int close_on_exec(void *context, curl_socket_t socket, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    return CURL_SOCKOPT_OK;
}

static int watch_stop(void *context, curl_off_t down_total, curl_off_t down,
                      curl_off_t up_total, curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    struct http_easy *transfer = context;
    const struct runtime *runtime = transfer->runtime;
    if (runtime->wait(runtime->context, 0, NULL)) {
        return 0;
    }
    int64_t now_ms = runtime->monotonic_ms(runtime->context);
    if (transfer->stopped_ms == 0) {
        transfer->stopped_ms = now_ms;
    }
    return now_ms - transfer->stopped_ms >= STOP_GRACE_MS;
}

static void set_target(struct http_easy *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_CURLU, transfer->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->pins);
}

static void set_proxy(struct http_easy *transfer)
{
    CURL *easy = transfer->easy;
    const struct http_request *request = transfer->request;
    if (request->proxy != NULL) {
        curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* the environment's is not asked */
        curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, request->proxy_login);
    } else if (http_guard_peer(transfer->host) != HTTP_PEER_PUBLIC) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
}

static void set_tls(struct http_easy *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL); /* give_store brings them */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give_store);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
    const struct http_request *request = transfer->request;
    curl_easy_setopt(easy, CURLOPT_SSLCERT, request->cert_file);
    curl_easy_setopt(easy, CURLOPT_SSLKEY,
                     request->key_file == NULL ? request->cert_file : request->key_file);
}

static void set_limits(struct http_easy *transfer, int64_t timeout_ms)
{
    CURL *easy = transfer->easy;
    const struct http_request *request = transfer->request;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(
        easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    /* Who asks for a longer time-out may be kept waiting for all of it. */
    long asked_s = (long)(request->timeout_ms / 1000);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     asked_s > STALL_S ? asked_s : (long)STALL_S);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->limit);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch_stop);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, close_on_exec);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "auditbridge/" BRIDGE_VERSION);
}

static void set_body(struct http_easy *transfer)
{
    CURL *easy = transfer->easy;
    const struct http_request *request = transfer->request;
    if (strcmp(request->method, "GET") == 0 && request->body.size == 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                     request->body.size == 0 ? "" : (const char *)request->body.data);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

void http_easy_prepare(struct http_easy *transfer, int64_t timeout_ms)
{
    set_target(transfer);
    set_proxy(transfer);
    set_tls(transfer);
    set_limits(transfer, timeout_ms);
    set_body(transfer);
}
