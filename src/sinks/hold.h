/*
 * Whether a sink may be sent to now: one state for all threads that use it, behind one
 * mutex.
 *
 * A sink is *down* when it did not answer: whoever comes within the wait that it asked
 * for, or that doubles at each failure, is told so without a request. It is *held*
 * when its credential was refused, when it takes nothing, or when it refuses too much:
 * then nothing is sent but a heartbeat, by one thread, after HOLD_PROBE_MS and up to
 * HOLD_PROBE_MAX_MS when that fails again, or as soon as its credential file changes.
 *
 * Errors: what hold_set and hold_down were told, with since when and until when.
 */
#ifndef SINKS_HOLD_H
#define SINKS_HOLD_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HOLD_PROBE_MS = 60 * 1000,
    HOLD_PROBE_MAX_MS = 5 * 60 * 1000,
    HOLD_DOWN_MAX_MS = 30 * 1000,
    HOLD_REFUSALS = 100,    /* in an hour: a broken sink, not poison */
    HOLD_BATCH_EVENTS = 10, /* of so many, more than half refused is a broken sink too */
};

struct hold;

struct hold *hold_new(void);
void hold_free(struct hold *hold);

/* When somebody asks. */
struct hold_moment {
    int64_t now_ms;       /* on the monotonic clock */
    int64_t wall_ms;      /* for people */
    uint64_t credentials; /* changes when the sink's credential files do */
};

enum hold_leave {
    HOLD_SEND,  /* go on */
    HOLD_PROBE, /* send a heartbeat first, then say hold_set or hold_clear */
    HOLD_WAIT,  /* no; the error says why and for how long */
};

enum hold_leave hold_ask(struct hold *hold, const struct hold_moment *moment,
                         struct error *err);

/* The sink must not be sent to: cause says why, ERROR_DENIED or ERROR_CONFIG. */
void hold_set(struct hold *hold, const struct hold_moment *moment,
              const struct error *cause);
/* It did not answer, or asked to wait: cause says why and perhaps how long. */
void hold_down(struct hold *hold, const struct hold_moment *moment,
               const struct error *cause);
/* A probe was taken: neither held nor down. */
void hold_clear(struct hold *hold);
/* It took events: it is not down. What holds it stays until a probe is taken. */
void hold_up(struct hold *hold);

/*
 * Would refused events of a batch of count be more than poison can explain, with those of
 * the last hour? Then err says so, ERROR_CONFIG.
 */
bool hold_is_broken(struct hold *hold, const struct hold_moment *moment, size_t refused,
                    size_t count, struct error *err);
/* The same, and when they are not too many, counts them: true, they are poison. */
bool hold_count(struct hold *hold, const struct hold_moment *moment, size_t refused,
                size_t count, struct error *err);

#endif
