/*
 * A platform that takes events over HTTP, in the place of runtime->http: it answers as a
 * test says, and remembers what it took. Clocks stand still but for waits.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "net/http.h"
#include "sinks/sink.h"

enum { PLATFORM_EVENTS = 1000 };

struct platform {
    /* What it does. */
    int status;           /* to every request; 0: it looks at what comes */
    int heartbeat_status; /* to a heartbeat; 0: as to any other */
    int poison_status;    /* to a request with a poisoned event */
    bool poison[PLATFORM_EVENTS];
    size_t size_max;         /* larger bodies get 413; 0: any */
    const char *key;         /* what x-api-key or Authorization must be; NULL: nothing */
    enum error_kind failure; /* of the way to it; ERROR_NONE: it answers */
    int fails_from;          /* the failure begins with this request, from 1 */
    int retry_after_ms;

    /* What it saw. */
    int taken[PLATFORM_EVENTS]; /* how often each event was taken */
    int requests;
    int heartbeats;
    char content_type[64];
    char encoding[16];
    char credential[256]; /* of the last request: "x-api-key: k1" */
    struct buf last_body; /* as it came */
    bool was_short;       /* the last event taken had no event.original */
    int64_t now_ms;

    struct runtime runtime;
};

void platform_open(struct platform *platform);
void platform_close(struct platform *platform);

/* Fills batch with count events, numbered from 0, each of about size bytes. */
void platform_batch(struct batch *batch, size_t count, size_t size);
/* A sink of type http with settings beside the URL, which are taken. */
struct sink *platform_sink_take(struct platform *platform, json_t *settings);
/* Sends to it; NULL for outcomes: fresh ones. */
bool platform_send(struct platform *platform, struct sink *sink,
                   const struct batch *batch, struct outcome *outcomes,
                   struct error *err);
size_t platform_count(const struct outcome *outcomes, size_t count,
                      enum outcome_kind kind);

#endif
