/*
 * Whether a long run lives and whether it is ready, for those who would restart it.
 *
 * It lives while the thread that keeps the sources goes round and no turn takes for ever.
 * It is ready once its configuration is loaded, its store open, what its entries stand
 * for known, and as long as it holds its leases. A sink that takes nothing is neither: a
 * restart would not mend it, and metrics tell of it.
 *
 * Safe from any thread.
 */
#ifndef METRICS_HEALTH_H
#define METRICS_HEALTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    HEALTH_REASON = 160,
    HEALTH_BEAT_MS = 2 * 60 * 1000,   /* so long the keeper may be silent */
    HEALTH_TURN_MS = 15 * 60 * 1000,  /* so long a turn may take */
    HEALTH_START_MS = 30 * 60 * 1000, /* so long discovery may take */
};

/* What the keeper saw when it last went round; all on the monotonic clock. */
struct health_beat {
    int64_t now_ms;
    int64_t turn_ms; /* when the oldest turn under way began; 0: none is */
    bool is_leased;
};

struct health {
    pthread_mutex_t mutex;
    bool is_running; /* else it starts */
    struct health_beat beat;
};

void health_init(struct health *health, int64_t now_ms);
void health_clear(struct health *health);

/* It has started. From now on the keeper beats. */
void health_run(struct health *health, int64_t now_ms);
void health_beat(struct health *health, const struct health_beat *beat);

/* Each fills reason with one line, also when the answer is yes. */
bool health_is_alive(struct health *health, int64_t now_ms, char reason[HEALTH_REASON]);
bool health_is_ready(struct health *health, int64_t now_ms, char reason[HEALTH_REASON]);

#endif
