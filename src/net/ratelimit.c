#include "net/ratelimit.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADS = 1024,
    RECOVERY_MS = MS_PER_MINUTE, /* from throttled back to the full rate */
    WINDOW_MS = MS_PER_MINUTE,   /* over which use is measured */
    ECHO_MS = MS_PER_SECOND,     /* several threads are told of one throttling */
};

/* However often a cloud says throttled, some requests still go out. */
static const double factor_min = 1.0 / 16;

/*
 * next_ms is when the next request would be due if requests came exactly at the
 * rate (the virtual clock of the generic cell rate algorithm, ITU-T I.371).
 */
struct bucket {
    struct bucket *next;
    char *key;
    double next_ms;
    double per_second; /* as last asked with */
    double burst;
    double factor; /* of the rate at throttled_ms; grows to 1 */
    int64_t throttled_ms;
    int64_t window_ms; /* when the running window began */
    double count;      /* requests in the running window */
    double count_before;
};

struct ratelimit {
    pthread_mutex_t mutex;
    struct bucket *heads[HEADS];
};

struct ratelimit *ratelimit_new(void)
{
    struct ratelimit *ratelimit = mem_new(1, sizeof(*ratelimit));
    pthread_mutex_init(&ratelimit->mutex, NULL);
    return ratelimit;
}

void ratelimit_free(struct ratelimit *ratelimit)
{
    if (ratelimit == NULL) {
        return;
    }
    for (size_t i = 0; i < HEADS; i++) {
        struct bucket *bucket = ratelimit->heads[i];
        while (bucket != NULL) {
            struct bucket *next = bucket->next;
            free(bucket->key);
            free(bucket);
            bucket = next;
        }
    }
    pthread_mutex_destroy(&ratelimit->mutex);
    free(ratelimit);
}

static size_t hash_key(const char *key)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (const char *at = key; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    }
    return hash % HEADS;
}

/* The bucket of key, or NULL. The mutex is held. */
static struct bucket *bucket_find(struct ratelimit *ratelimit, const char *key)
{
    struct bucket *bucket = ratelimit->heads[hash_key(key)];
    while (bucket != NULL && strcmp(bucket->key, key) != 0) {
        bucket = bucket->next;
    }
    return bucket;
}

/* The bucket of key, made when there is none. The mutex is held. */
static struct bucket *bucket_of(struct ratelimit *ratelimit, const char *key,
                                int64_t now_ms)
{
    struct bucket *bucket = bucket_find(ratelimit, key);
    if (bucket != NULL) {
        return bucket;
    }
    struct bucket **head = &ratelimit->heads[hash_key(key)];
    bucket = mem_new(1, sizeof(*bucket));
    bucket->key = mem_dup(key);
    bucket->next_ms = (double)now_ms;
    bucket->factor = 1;
    bucket->throttled_ms = now_ms;
    bucket->window_ms = now_ms;
    bucket->next = *head;
    *head = bucket;
    return bucket;
}

static double factor_at(const struct bucket *bucket, int64_t now_ms)
{
    double share = (double)(now_ms - bucket->throttled_ms) / RECOVERY_MS;
    if (share >= 1) {
        return 1;
    }
    return share <= 0 ? bucket->factor : bucket->factor + (1 - bucket->factor) * share;
}

static double interval_at(const struct bucket *bucket, int64_t now_ms)
{
    return MS_PER_SECOND / (bucket->per_second * factor_at(bucket, now_ms));
}

static void turn_window(struct bucket *bucket, int64_t now_ms)
{
    int64_t age_ms = now_ms - bucket->window_ms;
    if (age_ms < WINDOW_MS) {
        return;
    }
    bucket->count_before = age_ms < 2LL * WINDOW_MS ? bucket->count : 0;
    bucket->count = 0;
    bucket->window_ms += age_ms / WINDOW_MS * WINDOW_MS;
}

/* Until the bucket lets another request through. The mutex is held. */
static int64_t delay_of(const struct bucket *bucket, int64_t now_ms)
{
    double credit_ms =
        bucket->burst > 1 ? (bucket->burst - 1) * interval_at(bucket, now_ms) : 0;
    double delay_ms = bucket->next_ms - (double)now_ms - credit_ms;
    if (delay_ms <= 0) {
        return 0;
    }
    int64_t whole_ms = (int64_t)delay_ms;
    return (double)whole_ms < delay_ms ? whole_ms + 1 : whole_ms; /* never early */
}

int64_t ratelimit_take(struct ratelimit *ratelimit, const char *key,
                       const struct ratelimit_budget *budget, int64_t now_ms)
{
    if (budget->per_second <= 0) {
        return 0;
    }
    pthread_mutex_lock(&ratelimit->mutex);
    struct bucket *bucket = bucket_of(ratelimit, key, now_ms);
    bucket->per_second = budget->per_second;
    bucket->burst = budget->burst;
    int64_t delay_ms = delay_of(bucket, now_ms);
    if (delay_ms <= budget->patience_ms) {
        turn_window(bucket, now_ms);
        bucket->count++;
        if (bucket->next_ms < (double)now_ms) {
            bucket->next_ms = (double)now_ms;
        }
        bucket->next_ms += interval_at(bucket, now_ms);
    }
    pthread_mutex_unlock(&ratelimit->mutex);
    return delay_ms;
}

int64_t ratelimit_delay_ms(struct ratelimit *ratelimit, const char *key, int64_t now_ms)
{
    pthread_mutex_lock(&ratelimit->mutex);
    const struct bucket *bucket = bucket_find(ratelimit, key);
    int64_t delay_ms = bucket == NULL ? 0 : delay_of(bucket, now_ms);
    pthread_mutex_unlock(&ratelimit->mutex);
    return delay_ms;
}

void ratelimit_throttled(struct ratelimit *ratelimit, const char *key, int64_t now_ms)
{
    pthread_mutex_lock(&ratelimit->mutex);
    struct bucket *bucket = bucket_of(ratelimit, key, now_ms);
    if (bucket->factor == 1 || now_ms - bucket->throttled_ms >= ECHO_MS) {
        double factor = factor_at(bucket, now_ms) / 2;
        bucket->factor = factor < factor_min ? factor_min : factor;
        bucket->throttled_ms = now_ms;
    }
    pthread_mutex_unlock(&ratelimit->mutex);
}

double ratelimit_used(struct ratelimit *ratelimit, const char *key, int64_t now_ms)
{
    pthread_mutex_lock(&ratelimit->mutex);
    struct bucket *bucket = bucket_of(ratelimit, key, now_ms);
    turn_window(bucket, now_ms);
    /* What the last minute held, as if the window before had been even. */
    double share_before = 1 - (double)(now_ms - bucket->window_ms) / WINDOW_MS;
    double count = bucket->count + bucket->count_before * share_before;
    double budget = bucket->per_second * WINDOW_MS / MS_PER_SECOND;
    pthread_mutex_unlock(&ratelimit->mutex);

    if (budget <= 0) {
        return 0;
    }
    return count >= budget ? 1 : count / budget;
}
