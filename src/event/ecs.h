/*
 * The default format: Elastic Common Schema's names, one object a line
 * (docs/event.md). Members stand in a fixed order; what the record does not say is
 * absent, never null and never "".
 */
#ifndef EVENT_ECS_H
#define EVENT_ECS_H

#include "event/event.h"
#include "event/redact.h"
#include "event/writer.h"

enum {
    ECS_VALUE_MAX = 32766, /* Lucene's longest term: a longer one is refused */
    ECS_VALUES_MAX = 1024, /* of one field */
};

/* The release whose field list tests/event_names.py checks the names against. */
#define ECS_VERSION "9.4.0"

/* One event being written. */
struct ecs {
    struct writer writer;
    const struct event_origin *origin;
    const struct event *event;
    const struct match *match;
    const struct redact *redact; /* NULL when nothing was taken out */
    struct bytes original;       /* the record as it leaves */
    uint8_t cut[FIELD_COUNT];    /* places of fields that were too long */
    size_t cut_count;
};

/* Appends the event of ecs, of which all but writer and cut is set, to out. */
bool ecs_write(struct ecs *ecs, struct buf *out);

/* Writes the fields of match from place first up to and without place end. */
void ecs_write_fields(struct ecs *ecs, size_t first, size_t end);
/* Writes related: who, from where and which hosts, each value once. */
void ecs_write_related(struct ecs *ecs);
/* Writes what rules say: moj.principles up to moj.rule_ids. */
void ecs_write_rules(struct ecs *ecs);
/* Writes moj.phase, for shapes that know long operations. */
void ecs_write_phase(struct ecs *ecs);
/* Writes moj.changes, where the record lists any. */
void ecs_write_changes(struct ecs *ecs);
/*
 * Writes what every event of origin begins with, from ecs up to inside event; what
 * follows is of event. False when out's limit is reached.
 */
bool ecs_write_head(const struct event_origin *origin, struct buf *out);
/*
 * Ends an event with what is the same for all of origin's, from moj.source on. The
 * last member before it must be of moj.
 */
void ecs_write_tail(struct writer *writer, const struct event_origin *origin);
/*
 * Writes moj.counted_at, the time that receipts count an event by, when counted_ms is
 * given and is not in the same hour as shown_ms, its @timestamp.
 */
void ecs_write_counted(struct writer *writer, int64_t counted_ms, int64_t shown_ms);
/* True when there is a value that the record shows and that may leave. */
bool ecs_shows(const struct ecs *ecs, const struct value *value);

#endif
