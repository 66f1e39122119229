/*
 * An event of the bridge's own: what every such event has, in each format; in raw as in
 * ecs, for there is no record.
 *
 *   own_begin(&own, out, 2048);
 *   writer_name(&own.writer, NAME("moj.bridge", "count")); ...
 *   ok = own_end(&own);
 */
#ifndef EVENT_OWN_H
#define EVENT_OWN_H

#include "event/event.h"
#include "event/writer.h"

struct own {
    enum event_format format;
    const struct event_origin *origin;
    struct bytes id;
    const char *action;  /* "bridge.receipt" */
    const char *message; /* NULL: none */
    bool is_problem;
    int64_t time_ms;         /* when it was so; 0: not known */
    struct writer writer;    /* moj's members go here, between begin and end */
    struct writer_nest nest; /* private: what moj stands in, in ocsf */
};

/* Begins the event of own, of which all up to time_ms is set, at the end of out. */
void own_begin(struct own *own, struct buf *out, size_t expected);
/* False only when out's limit is reached; out is then as before. */
bool own_end(struct own *own);

/* A member that is a text; absent when NULL or empty. */
void own_add_text(struct own *own, const struct member *name, const char *text);

#endif
