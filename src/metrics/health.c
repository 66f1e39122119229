#include "metrics/health.h"

#include "base/timestamp.h"

#include <inttypes.h>
#include <stdio.h>

void health_init(struct health *health, int64_t now_ms)
{
    pthread_mutex_init(&health->mutex, NULL);
    health->is_running = false;
    health->beat = (struct health_beat){.now_ms = now_ms, .is_leased = true};
}

void health_clear(struct health *health)
{
    pthread_mutex_destroy(&health->mutex);
}

void health_run(struct health *health, int64_t now_ms)
{
    pthread_mutex_lock(&health->mutex);
    health->is_running = true;
    health->beat = (struct health_beat){.now_ms = now_ms, .is_leased = true};
    pthread_mutex_unlock(&health->mutex);
}

void health_beat(struct health *health, const struct health_beat *beat)
{
    pthread_mutex_lock(&health->mutex);
    health->beat = *beat;
    pthread_mutex_unlock(&health->mutex);
}

static bool say(char reason[HEALTH_REASON], const char *text)
{
    snprintf(reason, HEALTH_REASON, "%s\n", text);
    return true;
}

/* True when since_ms is longer ago than it may be; 0: it is not there. */
static bool is_past(int64_t since_ms, int64_t now_ms, int64_t limit_ms, const char *what,
                    char reason[HEALTH_REASON])
{
    if (since_ms == 0 || now_ms - since_ms <= limit_ms) {
        return false;
    }
    snprintf(reason, HEALTH_REASON, "%s for %" PRId64 " s\n", what,
             (now_ms - since_ms) / MS_PER_SECOND);
    return true;
}

bool health_is_alive(struct health *health, int64_t now_ms, char reason[HEALTH_REASON])
{
    bool is_dead = false;
    pthread_mutex_lock(&health->mutex);
    const struct health_beat *beat = &health->beat;
    if (!health->is_running) {
        is_dead = is_past(beat->now_ms, now_ms, HEALTH_START_MS, "it has been starting",
                          reason);
    } else {
        is_dead = is_past(beat->now_ms, now_ms, HEALTH_BEAT_MS,
                          "the keeper of the sources has not moved", reason) ||
                  is_past(beat->turn_ms, now_ms, HEALTH_TURN_MS,
                          "a turn of a source has been under way", reason);
    }
    pthread_mutex_unlock(&health->mutex);
    return !is_dead && say(reason, "ok");
}

bool health_is_ready(struct health *health, int64_t now_ms, char reason[HEALTH_REASON])
{
    if (!health_is_alive(health, now_ms, reason)) {
        return false;
    }
    pthread_mutex_lock(&health->mutex);
    bool is_running = health->is_running;
    bool is_leased = health->beat.is_leased;
    pthread_mutex_unlock(&health->mutex);
    if (!is_running) {
        say(reason, "starting: the store is being opened and sources are looked for");
    } else if (!is_leased) {
        say(reason, "its leases could not be renewed");
    }
    return is_running && is_leased;
}
