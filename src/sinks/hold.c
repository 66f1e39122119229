#include "sinks/hold.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum { MINUTES = 60, DOWN_FIRST_MS = 500, CLAIM_MS = 10 * 1000, SHOWN_MAX = 320 };

struct minute {
    int64_t number; /* since the clock's start */
    size_t refused;
};

struct hold {
    pthread_mutex_t mutex;
    struct error cause;   /* kind ERROR_NONE: the sink is good */
    bool is_held;         /* else it is down */
    int failures;         /* in a row */
    int64_t since_ms;     /* wall clock */
    int64_t next_ms;      /* when it may be tried again */
    uint64_t credentials; /* with which it was held */
    struct minute minutes[MINUTES];
};

struct hold *hold_new(void)
{
    struct hold *hold = mem_new(1, sizeof(*hold));
    pthread_mutex_init(&hold->mutex, NULL);
    return hold;
}

void hold_free(struct hold *hold)
{
    if (hold != NULL) {
        pthread_mutex_destroy(&hold->mutex);
        free(hold);
    }
}

/* first, doubled at each failure but the first one, and never above most. */
static int64_t backoff_ms(int failures, int64_t first, int64_t most)
{
    int64_t wait = first;
    for (int i = 1; i < failures && wait < most; i++) {
        wait *= 2;
    }
    return wait < most ? wait : most;
}

static void refuse(const struct hold *hold, int64_t now_ms, struct error *err)
{
    int64_t left_ms = hold->next_ms - now_ms;
    if (!hold->is_held) {
        error_set(err, hold->cause.kind, "%s", hold->cause.text);
        if (err != NULL && err->kind == ERROR_BUSY) {
            err->retry_after_ms = (int)left_ms;
        }
        return;
    }
    char since[TIMESTAMP_TEXT_SIZE];
    timestamp_format(hold->since_ms, since);
    error_set(err, hold->cause.kind, "held since %s, tried again in %" PRId64 " s: %.*s",
              since, (left_ms + MS_PER_SECOND - 1) / MS_PER_SECOND, SHOWN_MAX,
              hold->cause.text);
}

enum hold_leave hold_ask(struct hold *hold, const struct hold_moment *moment,
                         struct error *err)
{
    enum hold_leave leave = HOLD_SEND;
    pthread_mutex_lock(&hold->mutex);
    bool is_good = hold->cause.kind == ERROR_NONE;
    bool is_new = hold->is_held && hold->credentials != moment->credentials;
    if (!is_good && moment->now_ms < hold->next_ms && !is_new) {
        refuse(hold, moment->now_ms, err);
        leave = HOLD_WAIT;
    } else if (!is_good) {
        /* This thread tries; the others wait for what it finds. */
        hold->next_ms = moment->now_ms + (hold->is_held ? HOLD_PROBE_MS : CLAIM_MS);
        hold->credentials = moment->credentials;
        leave = hold->is_held ? HOLD_PROBE : HOLD_SEND;
    }
    pthread_mutex_unlock(&hold->mutex);
    return leave;
}

void hold_set(struct hold *hold, const struct hold_moment *moment,
              const struct error *cause)
{
    pthread_mutex_lock(&hold->mutex);
    if (!hold->is_held) {
        hold->failures = 0;
        hold->since_ms = moment->wall_ms;
    }
    hold->is_held = true;
    hold->cause = *cause;
    hold->failures++;
    hold->credentials = moment->credentials;
    hold->next_ms =
        moment->now_ms + backoff_ms(hold->failures, HOLD_PROBE_MS, HOLD_PROBE_MAX_MS);
    pthread_mutex_unlock(&hold->mutex);
}

void hold_down(struct hold *hold, const struct hold_moment *moment,
               const struct error *cause)
{
    pthread_mutex_lock(&hold->mutex);
    if (!hold->is_held) { /* what holds it is the greater trouble */
        hold->cause = *cause;
        hold->failures++;
        int64_t wait = backoff_ms(hold->failures, DOWN_FIRST_MS, HOLD_DOWN_MAX_MS);
        wait = wait < cause->retry_after_ms ? cause->retry_after_ms : wait;
        hold->next_ms = moment->now_ms + wait;
    }
    pthread_mutex_unlock(&hold->mutex);
}

void hold_clear(struct hold *hold)
{
    pthread_mutex_lock(&hold->mutex);
    hold->cause = (struct error){0};
    hold->is_held = false;
    hold->failures = 0;
    pthread_mutex_unlock(&hold->mutex);
}

void hold_up(struct hold *hold)
{
    pthread_mutex_lock(&hold->mutex);
    if (!hold->is_held) {
        hold->cause = (struct error){0};
        hold->failures = 0;
    }
    pthread_mutex_unlock(&hold->mutex);
}

static size_t refused_in_hour(const struct hold *hold, int64_t now_ms)
{
    size_t refused = 0;
    for (size_t i = 0; i < MINUTES; i++) {
        if (hold->minutes[i].number > now_ms / MS_PER_MINUTE - MINUTES) {
            refused += hold->minutes[i].refused;
        }
    }
    return refused;
}

static bool is_broken(const struct hold *hold, const struct hold_moment *moment,
                      size_t refused, size_t count, struct error *err)
{
    if (count >= HOLD_BATCH_EVENTS && 2 * refused > count) {
        error_set(err, ERROR_CONFIG,
                  "it refused more than half of a batch of %zu events: the sink is "
                  "broken, not the events; see what it expects",
                  count);
        return true;
    }
    size_t hour = refused_in_hour(hold, moment->now_ms) + refused;
    if (refused > 0 && hour >= HOLD_REFUSALS) {
        error_set(err, ERROR_CONFIG,
                  "it refused %zu events in an hour: the sink is broken, not the events; "
                  "see what it expects",
                  hour);
        return true;
    }
    return false;
}

bool hold_is_broken(struct hold *hold, const struct hold_moment *moment, size_t refused,
                    size_t count, struct error *err)
{
    pthread_mutex_lock(&hold->mutex);
    bool broken = is_broken(hold, moment, refused, count, err);
    pthread_mutex_unlock(&hold->mutex);
    return broken;
}

bool hold_count(struct hold *hold, const struct hold_moment *moment, size_t refused,
                size_t count, struct error *err)
{
    pthread_mutex_lock(&hold->mutex);
    bool broken = is_broken(hold, moment, refused, count, err);
    if (!broken) {
        int64_t number = moment->now_ms / MS_PER_MINUTE;
        struct minute *minute = &hold->minutes[number % MINUTES];
        if (minute->number != number) {
            *minute = (struct minute){.number = number};
        }
        minute->refused += refused;
    }
    pthread_mutex_unlock(&hold->mutex);
    return !broken;
}
