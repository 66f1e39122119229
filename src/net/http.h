/*
 * HTTP requests over TLS: net/http*.c alone include curl, and are the only place
 * where a request is repeated (connection errors, 408, 429, 5xx and what classify
 * calls throttled; HTTP_TRIES at most, never past the deadline; authorize runs before
 * each).
 *
 * https only; http only to loopback and the clouds' metadata addresses, compared
 * as parsed addresses; with is_metadata also to other link-local ones (App Service). No
 * redirects, no netrc; TLS 1.2 or later, certificate and host name always verified. A
 * response larger than its limit is ERROR_TOO_BIG.
 *
 * Errors: ERROR_CONFIG (URL or CA file refused), ERROR_UNREACHABLE, ERROR_BUSY,
 * ERROR_TOO_BIG, ERROR_STOPPED. Any HTTP status that is not repeated is success:
 * the caller reads response->status.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/buf.h"
#include "base/error.h"
#include "runtime.h"

enum { HTTP_TRIES = 4, HTTP_HEADERS_MAX = 16 };

struct http_header {
    const char *name;
    const char *value;
};

enum http_class {
    HTTP_ANSWERED,  /* give it to the caller */
    HTTP_THROTTLED, /* repeat after a wait; ERROR_BUSY when tries are over */
    HTTP_REFRESH,   /* the credential expired: authorize again and repeat, once */
};

struct http_response {
    int status;
    struct buf body;        /* decoded; its limit is the request's */
    int64_t date_ms;        /* the Date header; 0 when absent */
    int64_t retry_after_ms; /* Retry-After, seconds or date; 0 when absent */
    char content_type[64];  /* lower case, without parameters */
    char error_type[64];    /* x-amzn-errortype; "" when absent */
    char challenge[256];    /* WWW-Authenticate; "" when absent, cut when longer */
    char cookie[1024];      /* Set-Cookie, as Cookie sends them back: "a=1; b=2" */
    char flavor[16];        /* Metadata-Flavor, "Google"; "" when absent */
    int64_t reads_left; /* what ARM says is left of reads, at least 1; 0: it does not */
    int tries;          /* how often it was sent */
};

void http_response_clear(struct http_response *response);

struct http_extra;

struct http_request {
    const char *method; /* "GET", "POST" */
    const char *url;
    const struct http_header *headers;
    size_t header_count;
    struct bytes body;
    size_t limit;        /* of the decoded answer, in bytes */
    int64_t timeout_ms;  /* of one try; 0: 30 s */
    int64_t deadline_ms; /* on the monotonic clock, for all tries; 0: none */
    /* What is asked may still be starting: tried until the deadline, every 2 s or less.
     */
    bool is_starting;
    const char *ca_file; /* NULL: the system's */
    const char *source;  /* for log lines; may be NULL */
    /*
     * Called before each try to add credentials; adds to extra, which http.c
     * sends and then wipes. refresh: the last credential was refused as expired.
     * May be NULL.
     */
    bool (*authorize)(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err);
    /*
     * Where authorize's credential may go: "host" (port 443) or "host:port", ends
     * with NULL. Elsewhere is ERROR_CONFIG, whatever the URL came from. NULL: to url.
     */
    const char *const *credential_hosts;
    /*
     * A metadata service is asked, which has no TLS: its own credential may go over http
     * to a metadata address, and any link-local address counts as one.
     */
    bool is_metadata;
    /* Looks at an answer that is neither 2xx nor plainly repeatable. May be NULL. */
    enum http_class (*classify)(void *context, const struct http_response *response);
    /* How long to wait after a 429 that does not say, in ms. May be NULL. */
    int64_t (*throttle_wait)(void *context, const struct http_response *response);
    void *context;
    /* PEM files to show to a server that asks; key NULL: in cert_file. May be NULL. */
    const char *cert_file;
    const char *key_file;
    /* An http or https URL and "user:password" for it, for https alone; NULL: as the
     * environment says. */
    const char *proxy;
    const char *proxy_login;
};

/* Headers made for one try; values are wiped after it. */
struct http_extra {
    struct {
        char *name;
        char *value;
    } items[HTTP_HEADERS_MAX];
    size_t count;
};

/* Adds a header, copying both. A value with CR, LF or NUL is ERROR_CONFIG. */
bool http_extra_add(struct http_extra *extra, const char *name, const char *value,
                    struct error *err);
void http_extra_clear(struct http_extra *extra);

struct http; /* a thread's connections; not shared between threads */

struct http *http_new(void);
void http_free(struct http *http);
/* Sends request by http; waits and clocks come from runtime. */
bool http_send(struct http *http, const struct runtime *runtime,
               const struct http_request *request, struct http_response *response,
               struct error *err);

/* Process-wide set-up and tear-down: libcurl, the shared X509_STORE. */
bool http_global_init(struct error *err);
void http_global_cleanup(void);

#endif
