/*
 * Request budgets: a token bucket for each quota string, shared by every
 * source that draws on the same cloud quota. Safe from any thread.
 */
#ifndef NET_RATELIMIT_H
#define NET_RATELIMIT_H

#include <stdint.h>

struct ratelimit;

struct ratelimit *ratelimit_new(void);
void ratelimit_free(struct ratelimit *ratelimit);

/*
 * Takes one request from key's budget. Returns how long the caller must wait
 * before it sends, in ms; the request is counted at once. per_second 0: no limit.
 */
int64_t ratelimit_take(struct ratelimit *ratelimit, const char *key, double per_second,
                       double burst, int64_t now_ms);
/* The cloud said throttled: halves key's rate, which recovers over a minute. */
void ratelimit_throttled(struct ratelimit *ratelimit, const char *key, int64_t now_ms);
/* The share of key's budget in use over the last minute, 0..1. */
double ratelimit_used(struct ratelimit *ratelimit, const char *key, int64_t now_ms);

#endif
