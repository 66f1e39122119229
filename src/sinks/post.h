/*
 * One request with events, and what the platform made of it.
 *
 *   POST /events HTTP/1.1
 *   Content-Type: application/x-ndjson
 *   Content-Encoding: gzip
 *   x-api-key: ...
 *
 * net/http.c repeats it (408, 425, 429, 5xx, no answer); a 401 is sent once more with the
 * credential file read again. Nothing of an answer is ever shown: it may quote events.
 */
#ifndef SINKS_POST_H
#define SINKS_POST_H

#include "sinks/post_dialect.h"

/* Events on their way into one request. */
struct post_body {
    const struct post_options *options;
    struct buf plain;  /* at most body_max bytes */
    struct buf packed; /* plain, compressed */
    size_t count;
    struct outcome *outcomes; /* of each event, after POST_MIXED; room for room */
    size_t room;
};

void post_body_init(struct post_body *body, const struct post_options *options);
void post_body_clear(struct post_body *body);
/* Makes body empty again. */
void post_body_reset(struct post_body *body);
/* Adds one event; false, and body as before, when it does not fit. */
bool post_body_add(struct post_body *body, const struct post_event *event);

/*
 * Sends body, which holds at least one event; never POST_AS_USUAL. err is set for all but
 * POST_ACCEPTED and POST_MIXED; it is ERROR_DENIED or ERROR_CONFIG for POST_DENIED, and
 * ERROR_DATA where events may be at fault.
 */
enum post_verdict post_send(struct post_body *body, const struct runtime *runtime,
                            int64_t deadline_ms, struct error *err);

#endif
