/*
 * The default format: Elastic Common Schema's names, one object a line
 * (docs/event.md). Members stand in a fixed order; what the record does not say is
 * absent, never null and never "".
 */
#ifndef EVENT_ECS_H
#define EVENT_ECS_H

#include "base/timestamp.h"
#include "event/event.h"
#include "event/redact.h"
#include "event/writer.h"

enum {
    ECS_VALUE_MAX = 32766, /* Lucene's longest term: a longer one is refused */
    ECS_VALUES_MAX = 1024, /* of one field */
};

/* The release whose field list tests/event_names.py checks the names against. */
#define ECS_VERSION "9.4.0"

/* When it happened, in the forms that are shipped. */
struct moment {
    bool is_known;  /* there is a time to ship: the record's own, or when it was read */
    bool is_native; /* it is the record's own */
    int64_t ms;
    char text[TIMESTAMP_TEXT_SIZE];
    char clf[TIMESTAMP_TEXT_SIZE];
};

/* One event being written. */
struct ecs {
    struct writer writer;
    const struct event_origin *origin;
    const struct event *event;
    const struct match *match;
    const struct redact *redact; /* NULL when nothing was taken out */
    struct bytes original;       /* the record as it leaves */
    struct moment moment;
    uint8_t cut[FIELD_COUNT]; /* places of fields that were too long */
    size_t cut_count;
};

/* Appends the event of ecs, of which only origin to original are set, to out. */
bool ecs_write(struct ecs *ecs, struct buf *out);
/* Fills ecs->moment. */
void ecs_find_moment(struct ecs *ecs);
/* Writes all of moj, and what follows it to the end of the event. */
void ecs_write_moj(struct ecs *ecs);

/* A member that is a text of ours; absent when NULL or empty. */
void ecs_add_text(struct ecs *ecs, const struct member *name, const char *text);
/* A member that is the inside of one of the record's strings; absent when empty. */
void ecs_add_inside(struct ecs *ecs, const struct member *name, struct bytes inside);
/* The same of a value; absent when it may not be shown. */
void ecs_add_value(struct ecs *ecs, const struct member *name, const struct value *value);
/* The record's account, else the source's. */
void ecs_add_account(struct ecs *ecs, const struct member *name);
/* The event's field at place as a member called name; absent as in its own place. */
void ecs_add_field(struct ecs *ecs, const struct member *name, size_t place);
/* The field's first value that is shown, or NULL. */
const struct value *ecs_field(const struct ecs *ecs, size_t place);
/* The one behind it. */
const struct value *ecs_next(const struct ecs *ecs, size_t place,
                             const struct value *value);

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
/* True for the text of an IPv4 or IPv6 address. */
bool ecs_is_address(const struct value *value);
/* True when there is a value that the record shows and that may leave. */
bool ecs_shows(const struct ecs *ecs, const struct value *value);

#endif
