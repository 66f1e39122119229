/*
 * How net/http.c sets up libcurl for one try: what is verified, what is refused,
 * how long it may take. Private to net/http.c; with it, the only file that
 * includes curl.
 */
#ifndef NET_HTTP_EASY_H
#define NET_HTTP_EASY_H

#include "net/http.h"

#include <curl/curl.h>
#include <openssl/types.h>

/* One request while it is sent. */
struct http_easy {
    CURL *easy;
    const struct runtime *runtime;
    const struct http_request *request;
    struct http_response *response;
    CURLU *url;
    char *scheme;
    char *host;
    char *port;
    X509_STORE *store;
    struct curl_slist *headers;
    struct curl_slist *pins;
    int64_t stopped_ms; /* when a stop was first seen; 0: none */
    bool is_too_big;
    char reason[CURL_ERROR_SIZE];
};

/* Finds what the request's TLS trusts, and ties "localhost" to this machine. */
bool http_easy_pin(struct http_easy *transfer, struct error *err);
/* Sets every option but the headers. */
void http_easy_prepare(struct http_easy *transfer, int64_t timeout_ms);

#endif
