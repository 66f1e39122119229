/*
 * Whether and when a request is sent again: the policy of net/http.h without its
 * sockets.
 *
 *   struct http_retry retry = {.runtime = runtime, .request = request};
 *   do {
 *       authorize(retry.refresh); sent = send once;
 *   } while (http_retry_again(&retry, sent, response, err));
 *   return retry.is_answered;
 *
 * The wait before try n+1 is Retry-After, or random between 0 and 1, 2, 4 s ("full
 * jitter"; 2 s at most with is_starting), whichever is longer. A wait that would pass the
 * deadline, or a Retry-After above HTTP_WAIT_MAX_MS, is left to the caller as ERROR_BUSY:
 * it has other sources to read meanwhile.
 *
 * Errors: ERROR_BUSY (429, throttled, or the peer named a wait), ERROR_UNREACHABLE
 * (408, 5xx, no answer), ERROR_STOPPED, and whatever the try failed with.
 */
#ifndef NET_HTTP_RETRY_H
#define NET_HTTP_RETRY_H

#include "net/http.h"

enum { HTTP_WAIT_MAX_MS = 30000 };

struct http_retry {
    const struct runtime *runtime;
    const struct http_request *request;
    int tries;        /* made so far */
    bool refresh;     /* the next try must renew the credential */
    bool was_refresh; /* it was renewed once; not again */
    bool is_answered; /* response is for the caller */
};

/*
 * Judges the try that just ended: sent says whether response holds an answer; else
 * err says why not. Waits, then true: send again. False: is_answered, or err is set.
 */
bool http_retry_again(struct http_retry *retry, bool sent, struct http_response *response,
                      struct error *err);

/* The longest wait before the try after tries, without Retry-After. */
int64_t http_retry_ceiling_ms(int tries);

/* A Retry-After header's seconds or date as a wait; 0 when it is neither. */
int64_t http_retry_after_ms(const char *value, int64_t now_ms);
/* The time for one try: its own, or what is left before the deadline. */
bool http_retry_budget(const struct runtime *runtime, const struct http_request *request,
                       int64_t *timeout_ms, struct error *err);

#endif
