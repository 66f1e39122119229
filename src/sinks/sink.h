/*
 * A sink is a destination that acknowledges. send says for each event what
 * became of it; the bridge moves no mark while one is undecided.
 */
#ifndef SINKS_SINK_H
#define SINKS_SINK_H

#include "base/buf.h"
#include "base/digest.h"
#include "event/event.h"
#include "provider.h"

enum {
    BATCH_EVENTS_MAX = 1000,
    BATCH_BYTES_MAX = 1 << 20, /* of records; one larger record is a batch of its own */
};

/* One event in every format that the source's sinks want. */
struct batch_event {
    uint8_t id16[ID16_SIZE];
    size_t id_at; /* its event.id, NUL-terminated, in batch->ids */
    int64_t time_ms;
    uint32_t principles;
    bool is_own; /* the bridge's own (bridge.*): passes every filter */
    struct {
        size_t at;
        size_t size;
    } text[FORMAT_COUNT]; /* in batch->bodies[format]; size 0: not written */
};

/* Consecutive pages of one source, sent once and committed once. */
struct batch {
    const char *source;
    const char *provider; /* whose source it is of; NULL: the bridge's own events */
    struct batch_event *events;
    size_t count;
    struct buf ids;
    struct buf bodies[FORMAT_COUNT];
    size_t record_bytes;
    int64_t deadline_ms; /* when its sender gives up, monotonic clock; 0: never */
    size_t known_count;  /* events dropped because the store had delivered them before */
};

void batch_init(struct batch *batch, const char *source);
void batch_clear(struct batch *batch);
/* Appends an empty event and returns it, valid until the next. */
struct batch_event *batch_add(struct batch *batch);
/* The encoded event, without newline. */
struct bytes batch_text(const struct batch *batch, const struct batch_event *event,
                        enum event_format format);
const char *batch_id(const struct batch *batch, const struct batch_event *event);

enum outcome_kind {
    OUTCOME_RETRY, /* undecided: send it again */
    OUTCOME_ACCEPTED,
    OUTCOME_DUPLICATE, /* the platform already had it */
    OUTCOME_REFUSED,   /* it will never be taken: to the dead letters */
    OUTCOME_UNWANTED,  /* its route does not want it: never sent */
};

struct outcome {
    enum outcome_kind kind;
    /* OUTCOME_REFUSED: perhaps taken all the same, the platform does not say; it must not
     * be sent again but by hand. */
    bool is_doubted;
    bool is_shortened; /* it went without its record, which was too long */
    /* OUTCOME_REFUSED, and RETRY where it is known: why, without event content. */
    char reason[128];
};

struct sink; /* each sink's file defines its own */

struct sink_type {
    const char *name;     /* "file" */
    const char *help;     /* one sentence */
    bool is_acknowledged; /* false: a delivered event may still be lost */
    /*
     * It stores each batch as one object, known by its bytes: the bridge keeps a batch
     * (store_type.stage) before it is sent, and sends it again as it was after a crash.
     */
    bool is_object;
    const struct setting *settings;
    /* Tables of more, that several types have; ends with NULL. May be NULL. */
    const struct setting *const *shared;
    /* True of settings that make an acknowledged sink unverified. May be NULL. */
    bool (*is_unverified)(const json_t *settings);
    /* What cannot be right about settings together: "needs ...", said of *key. NULL when
     * all is well. May be NULL. */
    const char *(*fault)(const json_t *settings, const char **key);
    /* Opens and checks the destination. format: what it will be sent. runtime is not
     * kept: send brings the caller's. */
    bool (*open)(const json_t *settings, enum event_format format,
                 const struct runtime *runtime, struct sink **sink, struct error *err);
    /*
     * Sends every event of batch whose outcome is OUTCOME_RETRY and decides them.
     * false: some are undecided still and err says why; ERROR_BUSY and ERROR_UNREACHABLE
     * may be tried again, anything else holds the sink. Called by several threads at
     * once, each with a runtime, and so connections, of its own.
     */
    bool (*send)(struct sink *sink, const struct runtime *runtime,
                 const struct batch *batch, struct outcome *outcomes, struct error *err);
    /* Releases the sink; NULL is accepted. */
    void (*close)(struct sink *sink);
};

/* The type called name, or NULL. */
const struct sink_type *sink_type_find(const char *name);
/* All types, alphabetical; ends with NULL. */
extern const struct sink_type *const sink_types[];

#endif
