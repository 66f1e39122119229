/*
 * Why something failed: a kind for code, a text for people.
 *
 * A function that can fail returns bool, true for success, and takes the
 * caller's struct error last. It may be NULL: cleanup passes NULL so that the
 * cause survives. The kind alone decides retry, exit status and metric; no
 * code reads the text, and the text never holds a response body, a header, a
 * token or a key. Control characters and broken UTF-8 in it become '?'.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

enum error_kind {
    ERROR_NONE,
    ERROR_CONFIG,      /* an operator must change something; never retried */
    ERROR_DENIED,      /* credentials were refused; never retried */
    ERROR_BUSY,        /* throttled: wait retry_after_ms, then try again */
    ERROR_UNREACHABLE, /* timeout, DNS, TLS or 5xx: try again with backoff */
    ERROR_DATA,        /* a peer sent something this program cannot read */
    ERROR_TOO_BIG,     /* an answer past its limit: ask for less */
    ERROR_STATE,       /* the store could not be read or written */
    ERROR_LOST,        /* another process holds the lease now; nothing was moved */
    ERROR_STOPPED,     /* a stop came while waiting */
};

struct error {
    enum error_kind kind;
    int retry_after_ms; /* ERROR_BUSY only; 0 when the peer did not say */
    char text[512];     /* "source prod-eu: cloudtrail: HTTP 429" */
};

/* Records a failure. Always returns false, so it can end a function. */
bool error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Puts "context: " in front of the text, keeping the kind: once in each layer
 * that knows something new. Dropped when it would not fit; the cause is kept.
 * Always returns false.
 */
bool error_context(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The kind as a word for logs: "config", "busy", ... */
const char *error_kind_name(enum error_kind kind);

#endif
