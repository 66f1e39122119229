/*
 * An event as it goes to a sink: a record, its principles and its normalised
 * fields, written in one of the formats.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/buf.h"
#include "base/digest.h"
#include "mapping/mapping.h"

/* Each release of OCSF is a format: sinks may want several of them at once. */
enum event_format {
    FORMAT_ECS,
    FORMAT_RAW,
    FORMAT_OCSF_1_1,
    FORMAT_OCSF_1_3,
    FORMAT_OCSF_1_8,
    FORMAT_COUNT
};

extern const char *const event_format_names[];  /* "ecs", "raw", "ocsf", NULL */
extern const char *const event_ocsf_versions[]; /* "1.1.0", "1.3.0", "1.8.0", NULL */
#define EVENT_OCSF_VERSION "1.3.0"              /* when nobody says which */

/* The format of that name; version is one of OCSF's. False when there is none. */
bool event_format_find(const char *name, const char *version, enum event_format *format);
bool event_format_is_ocsf(enum event_format format);

/* What is the same for every event of one source, made once. */
struct event_origin {
    const struct mapping *mapping; /* NULL: only for notices */
    const char *source;            /* the source's name; "map" when there is none */
    bool is_backfill;              /* a stretch that is read once more: moj.backfill */
    bool is_offline;               /* same bytes on every machine: no host name */
    const char *provider;          /* "aws-cloudtrail" */
    const char *account; /* the source's account or NULL: for ids and cloud.account.id */
    /* What our own calls have at the shape's actor_paths: texts, or NULL; for moj.self.
     */
    const json_t *self;
    struct redact *redact; /* values to remove, or NULL: then one thread at a time */
    struct buf head;       /* private: the constant members, already written */
    struct buf tail;
};

/*
 * Prepares origin's constant members: tenant (an object of texts, or NULL) becomes
 * moj.tenant, and observer names this program, version, instance, source, packs. Takes
 * nothing; redact (an array of path texts, or NULL) is compiled. Errors: ERROR_CONFIG for
 * a bad redact path.
 */
bool event_origin_init(struct event_origin *origin, const json_t *tenant,
                       const json_t *redact, struct error *err);
void event_origin_clear(struct event_origin *origin);

/* One record on its way out. */
struct event {
    const struct record *record;
    const struct match *match;
    int64_t observed_ms; /* when it was read; 0: leave it out, for deterministic output */
    int64_t counted_ms;  /* the time that receipts count it by; 0: its own */
    struct buf *id;      /* event.id as text, from event_identify */
};

enum { EVENT_ID_ROOM = 16 << 10 }; /* the limit that an id's buffer needs */

/*
 * Writes the record's event.id into id, replacing what is there, and its first 16 digest
 * bytes into id16.
 */
void event_identify(const struct event_origin *origin, const struct record *record,
                    const struct match *match, struct buf *id, uint8_t id16[ID16_SIZE]);

/*
 * Appends event to out in format, without a newline. False only when out's
 * limit is reached; out is then as before.
 */
bool event_write(enum event_format format, const struct event_origin *origin,
                 const struct event *event, struct buf *out);

/* Bytes that were to be a record and were none (record/split.h). */
struct event_unreadable {
    struct bytes bytes; /* what was set aside, or its beginning */
    uint64_t size;      /* of all that was set aside */
    uint64_t offset;    /* of its first byte in the inflated stream */
    const char *reason; /* a constant */
    int64_t observed_ms;
    int64_t counted_ms; /* as in struct event */
};

/*
 * Appends the bridge event that tells the platform of them: bridge.unreadable with
 * source, reason, offset, size, SHA-256 and the first 4 KiB in base64 (not when origin
 * redacts: nobody can say what they hold). Its id is "sha256:" of the bytes.
 */
bool event_write_unreadable(enum event_format format, const struct event_origin *origin,
                            const struct event_unreadable *unreadable, struct buf *id,
                            struct buf *out);

#endif
