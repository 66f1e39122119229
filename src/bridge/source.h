/*
 * A source as the bridge runs it: one stream of one provider, where its events
 * go, and what happened to it in this run.
 */
#ifndef BRIDGE_SOURCE_H
#define BRIDGE_SOURCE_H

#include "bridge/clock.h"
#include "bridge/meter.h"
#include "config/config.h"
#include "config/principle.h"
#include "event/event.h"
#include "sinks/send.h"
#include "store/store.h"

enum source_end {
    SOURCE_IDLE,   /* not looked at yet */
    SOURCE_DONE,   /* nothing more is due */
    SOURCE_PAUSED, /* out of time; more is due */
    SOURCE_HELD,   /* another process holds it */
    SOURCE_FAILED, /* error says why; nothing was lost, it is tried again */
};

/* What a run did, for its summary. */
struct source_counts {
    uint64_t requests;
    uint64_t read;       /* records in answers */
    uint64_t known;      /* of these, delivered before */
    uint64_t unreadable; /* were no record; the platform was told */
    uint64_t mapped;     /* delivered events that answer a principle */
    uint64_t delivered;
    uint64_t duplicates; /* of these, by sinks that said so, were there before */
    uint64_t late;       /* of these, found by the last pass alone */
    uint64_t refused;    /* went to the dead letters */
    uint64_t missed;     /* not taken by an optional sink */
    uint64_t unwanted;   /* no sink's principles were theirs: sent nowhere */
    uint64_t by_principle[PRINCIPLE_COUNT];
    int64_t newest_ms;
};

/* Adds all but newest_ms, which becomes the newer one. */
void source_counts_add(struct source_counts *sum, const struct source_counts *counts);

struct source {
    size_t place; /* in the fleet; for good */
    const struct config_source *config;
    char *name;       /* the entry's name, and -suffix when it expands to several */
    char *key;        /* what the store calls it: its name, unless it is a backfill */
    json_t *settings; /* of this source alone */
    /* What discovery found them to be since, for the next turn to take; or NULL. */
    _Atomic(json_t *) found;
    char *quota_key;
    const struct record_shape *shape;
    struct event_origin origin;
    struct send_route *routes;
    size_t route_count;
    bool formats[FORMAT_COUNT]; /* those that its sinks want */

    struct session *session; /* open for one turn of one worker */
    struct cloud_clock clock;
    struct claim claim;

    bool is_gone; /* discovery no longer finds it: it gets no turn */
    enum source_end end;
    struct error error;
    bool is_denied;            /* it was its cloud that refused our credentials */
    bool was_denied;           /* in the turn before as well: for the keeper alone */
    double allowed_per_second; /* by the quota that its cloud named; 0: none yet */
    int64_t due_ms;            /* on the monotonic clock; when to look at it again */
    struct source_counts counts;
    struct meter meter;
};

#endif
