/*
 * Request budgets: a token bucket for each quota string, shared by every
 * source that draws on the same cloud quota. Safe from any thread.
 */
#ifndef NET_RATELIMIT_H
#define NET_RATELIMIT_H

#include <stdint.h>

struct ratelimit;

/* What a quota allows, and how long the caller is willing to wait for it. */
struct ratelimit_budget {
    double per_second; /* 0: no limit */
    double burst;      /* requests saved up */
    int64_t patience_ms;
};

struct ratelimit *ratelimit_new(void);
void ratelimit_free(struct ratelimit *ratelimit);

/*
 * Takes one request from key's budget and returns how long the caller must wait before
 * it sends, in ms; the request is counted at once. When that is longer than patience_ms
 * nothing is taken: the caller should come back then. per_second 0: no limit.
 */
int64_t ratelimit_take(struct ratelimit *ratelimit, const char *key,
                       const struct ratelimit_budget *budget, int64_t now_ms);
/* How long a request of key would have to wait now. Takes nothing. */
int64_t ratelimit_delay_ms(struct ratelimit *ratelimit, const char *key, int64_t now_ms);
/*
 * The cloud said throttled: halves key's rate, which recovers over a minute. What is
 * said again within a second was sent before the rate fell, and halves nothing.
 */
void ratelimit_throttled(struct ratelimit *ratelimit, const char *key, int64_t now_ms);
/* The share of key's budget in use over the last minute, 0..1. */
double ratelimit_used(struct ratelimit *ratelimit, const char *key, int64_t now_ms);

#endif
