/*
 * How one kind of platform wants events in a request, and what its answers say of them:
 * all that differs between sinks that post over HTTP. A sink type brings one constant
 * post_dialect; sinks/post*.c do the rest for all of them: bodies of a bounded size,
 * compression, credentials, repeats, halving, dead letters, holding.
 */
#ifndef SINKS_POST_DIALECT_H
#define SINKS_POST_DIALECT_H

#include "net/http.h"
#include "sinks/post_options.h"
#include "sinks/sink.h"

/* An event on its way into a body. Borrowed. */
struct post_event {
    struct bytes text; /* in the sink's format, without newline */
    const char *id;    /* event.id */
    int64_t time_ms;
    int64_t observed_ms; /* when it was about to be sent, on this machine's clock */
};

enum post_verdict {
    POST_ACCEPTED, /* every event is the platform's */
    POST_MIXED,    /* each event has an outcome of its own */
    POST_TOO_BIG,  /* 413: fewer at once */
    POST_REFUSED,  /* 400, 422: an event of it is not taken */
    POST_DOUBTED,  /* another 4xx: an event of it, or all of this sink's */
    POST_DENIED,   /* the credential, the URL or the index was refused: hold */
    POST_FAILED,   /* no answer, or none that may be kept to */
    POST_AS_USUAL, /* of judge: as the status says to everybody */
};

/* A request under way. */
struct post_call {
    const struct post_options *options;
    const struct runtime *runtime;
    int64_t deadline_ms;
};

struct post_dialect {
    /* Put behind the url of the settings: "/_bulk". May be NULL. */
    const char *path;
    /* What stands before an API key in Authorization: "ApiKey ". NULL: as http does. */
    const char *key_prefix;
    const char *content_type;
    /* Appends event to body, which holds count events; false: there is no room. Whatever
     * was written of it then is taken back. */
    bool (*add)(const struct post_options *options, struct buf *body, size_t count,
                const struct post_event *event);
    /* Ends a body of at least one event, which kept end_room bytes for it. May be NULL.
     */
    void (*end)(const struct post_options *options, struct buf *body);
    size_t end_room;
    /*
     * Judges an answer of any status; POST_AS_USUAL leaves it to the rule of all sinks
     * (docs/sinks.md). With POST_MIXED, outcomes[0..count) say for each event in order:
     * ACCEPTED, DUPLICATE, REFUSED with a reason, or RETRY: the platform took it neither
     * way and may be asked again. POST_DENIED and POST_FAILED set err (ERROR_DENIED or
     * ERROR_CONFIG; ERROR_BUSY or ERROR_UNREACHABLE). May be NULL.
     */
    enum post_verdict (*judge)(const struct post_call *call,
                               const struct http_response *response,
                               struct outcome *outcomes, size_t count, struct error *err);
    /* Adds headers of its own to one try, after those of the settings. request: what is
     * sent, with its headers so far. refresh: is_stale said so. May be NULL. */
    bool (*headers)(const struct post_call *call, const struct http_request *request,
                    bool refresh, struct http_extra *extra, struct error *err);
    /* Is the answer a refusal of headers that newer ones may mend? Then it is tried once
     * more. May be NULL. */
    bool (*is_stale)(const struct http_response *response);
    void (*free_own)(void *own); /* of options; may be NULL */
};

/* What else a platform is asked, to the same place that took events. Borrowed. */
struct post_question {
    const char *url;    /* the whole address */
    struct bytes body;  /* JSON */
    const char *cookie; /* what the load balancer set; "" when nothing */
};

/* POSTs question with the sink's credential, headers, TLS and proxy; repeated as any. */
bool post_ask(const struct post_call *call, const struct post_question *question,
              struct http_response *response, struct error *err);

#endif
