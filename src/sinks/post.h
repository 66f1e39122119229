/*
 * One request with events, and what the platform made of it.
 *
 *   POST /events HTTP/1.1
 *   Content-Type: application/x-ndjson
 *   Content-Encoding: gzip
 *   x-api-key: ...
 *
 * net/http.c repeats it (408, 425, 429, 5xx, no answer); a 401 is sent once more with the
 * credential file read again. No answer's body is ever looked at.
 */
#ifndef SINKS_POST_H
#define SINKS_POST_H

#include "base/buf.h"
#include "base/error.h"
#include "runtime.h"
#include "sinks/post_options.h"

/* Events on their way into one request. */
struct post_body {
    const struct post_options *options;
    struct buf plain;  /* at most body_max bytes */
    struct buf packed; /* plain, compressed */
    size_t count;
};

void post_body_init(struct post_body *body, const struct post_options *options);
void post_body_clear(struct post_body *body);
/* Makes body empty again. */
void post_body_reset(struct post_body *body);
/* Adds one event; false, and body as before, when it does not fit. */
bool post_body_add(struct post_body *body, struct bytes event);

enum post_verdict {
    POST_ACCEPTED,
    POST_TOO_BIG, /* 413 */
    POST_REFUSED, /* 400, 422: an event of it is not taken */
    POST_DOUBTED, /* another 4xx: an event of it, or all of this sink's */
    POST_DENIED,  /* the credential or the URL was refused: 401, 407, 3xx */
    POST_FAILED,  /* no answer, or none that may be kept to */
};

/*
 * Sends body, which holds at least one event. err is set for all but POST_ACCEPTED; it is
 * ERROR_DENIED for POST_DENIED, and ERROR_DATA where events may be at fault.
 */
enum post_verdict post_send(struct post_body *body, const struct runtime *runtime,
                            int64_t deadline_ms, struct error *err);

#endif
