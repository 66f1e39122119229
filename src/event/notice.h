/*
 * What the bridge itself has to tell the platform: bridge.start, bridge.heartbeat,
 * bridge.receipt and the like (docs/event.md), in the envelope of every other event and
 * delivered as they are.
 *
 *   {"@timestamp":"...","ecs":{...},"event":{"id":"bridge:prod:receipt:2026-11-24T09",
 *    "kind":"event","action":"bridge.receipt","provider":"auditbridge",...},
 *    "moj":{"principles":["7a"],"bridge":{"from":"...","to":"...","count":1180}},...}
 *
 * The id is made of source, kind and what the notice is about, so that a repeat folds
 * into the first.
 */
#ifndef EVENT_NOTICE_H
#define EVENT_NOTICE_H

#include "event/event.h"

struct notice {
    const char *kind;      /* a constant, "receipt": its action is bridge.receipt */
    const char *about;     /* what tells it from others of its kind: "2026-11-24T09" */
    const char *message;   /* for people; NULL: none */
    bool is_problem;       /* an error: event.kind is pipeline_error */
    int64_t time_ms;       /* when it was so */
    const json_t *details; /* object of texts, integers and booleans, or NULL */
};

/*
 * Appends notice to out in format (raw: as in ecs), without a newline; replaces id by its
 * event.id. False only when out's limit is reached; out is then as before.
 */
bool notice_write(enum event_format format, const struct event_origin *origin,
                  const struct notice *notice, struct buf *id, struct buf *out);

#endif
