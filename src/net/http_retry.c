#include "net/http_retry.h"

#include "base/log.h"
#include "base/timestamp.h"
#include "metrics/metrics.h"

#include <limits.h>
#include <stdlib.h>

enum {
    FIRST_WAIT_MS = 1000,
    LAST_WAIT_MS = 20000,
    STARTING_WAIT_MS = 2000,
    TIMEOUT_MS = 30000,
    RETRY_AFTER_MAX_S = 7 * 24 * 3600,
};

enum verdict { VERDICT_ANSWER, VERDICT_REPEAT, VERDICT_REFRESH, VERDICT_FAIL };

static bool is_repeatable(int status)
{
    return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

static int most_tries(const struct http_retry *retry)
{
    return retry->request->is_starting ? INT_MAX : HTTP_TRIES;
}

/* What to do about an answer; sets err to what it means should tries be over. */
static enum verdict judge_answer(const struct http_retry *retry,
                                 const struct http_response *response, struct error *err)
{
    int status = response->status;
    if (is_repeatable(status)) {
        bool is_busy = status == 429 || response->retry_after_ms > 0;
        error_set(err, is_busy ? ERROR_BUSY : ERROR_UNREACHABLE, "HTTP %d", status);
        return VERDICT_REPEAT;
    }
    if ((status >= 200 && status <= 299) || retry->request->classify == NULL) {
        return VERDICT_ANSWER;
    }
    switch (retry->request->classify(retry->request->context, response)) {
    case HTTP_THROTTLED:
        error_set(err, ERROR_BUSY, "throttled with HTTP %d", status);
        return VERDICT_REPEAT;
    case HTTP_REFRESH:
        return retry->was_refresh || retry->tries >= most_tries(retry) ? VERDICT_ANSWER
                                                                       : VERDICT_REFRESH;
    case HTTP_ANSWERED:
        break;
    }
    return VERDICT_ANSWER;
}

int64_t http_retry_ceiling_ms(int tries)
{
    int64_t ceiling_ms = FIRST_WAIT_MS;
    for (int i = 1; i < tries && ceiling_ms < LAST_WAIT_MS; i++) {
        ceiling_ms *= 2;
    }
    return ceiling_ms < LAST_WAIT_MS ? ceiling_ms : LAST_WAIT_MS;
}

static int64_t jitter_ms(const struct http_retry *retry)
{
    uint8_t bytes[4] = {0};
    retry->runtime->random(retry->runtime->context, bytes, sizeof(bytes));
    uint32_t random = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                      (uint32_t)bytes[2] << 8 | bytes[3];
    int64_t ceiling_ms = http_retry_ceiling_ms(retry->tries);
    if (retry->request->is_starting && ceiling_ms > STARTING_WAIT_MS) {
        ceiling_ms = STARTING_WAIT_MS;
    }
    return (int64_t)(((uint64_t)ceiling_ms * random) >> 32);
}

static const char *word_of(int status)
{
    if (status == 0) {
        return "no_answer";
    }
    return status >= 500 ? "server_error" : "throttled";
}

static void log_retry(const struct http_retry *retry, int status, int64_t wait_ms)
{
    metrics_add(METRIC_REQUEST_RETRIES, (struct metrics_labels){{word_of(status)}}, 1);
    log_write_take(LOG_DEBUG, LOG_REQUEST_RETRIED, retry->request->source,
                   json_pack("{s:i, s:i, s:I}", "tries", retry->tries, "status", status,
                             "wait_ms", (json_int_t)wait_ms));
}

/* The caller is told how long to wait, as far as an int goes. */
static bool give_back(struct error *err, int64_t wait_ms)
{
    if (err != NULL && err->kind == ERROR_BUSY) {
        err->retry_after_ms = (int)(wait_ms < INT32_MAX ? wait_ms : INT32_MAX);
    }
    return false;
}

/* What the server, or whoever knows its quota, wants waited; status 0: no answer. */
static int64_t asked_wait_ms(const struct http_retry *retry,
                             const struct http_response *response, int status)
{
    const struct http_request *request = retry->request;
    if (status == 429 && response->retry_after_ms == 0 &&
        request->throttle_wait != NULL) {
        return request->throttle_wait(request->context, response);
    }
    return status == 0 ? 0 : response->retry_after_ms;
}

/* Waits before another try; false when there is none. */
static bool wait_turn(struct http_retry *retry, const struct http_response *response,
                      int status, struct error *err)
{
    const struct runtime *runtime = retry->runtime;
    int64_t asked_ms = asked_wait_ms(retry, response, status);
    if (retry->tries >= most_tries(retry)) {
        give_back(err, asked_ms);
        return error_context(err, "after %d tries", retry->tries);
    }
    int64_t wait_ms = jitter_ms(retry);
    wait_ms = wait_ms < asked_ms ? asked_ms : wait_ms;
    int64_t deadline_ms = retry->request->deadline_ms;
    bool is_late = deadline_ms > 0 &&
                   runtime->monotonic_ms(runtime->context) + wait_ms >= deadline_ms;
    if (is_late || wait_ms > HTTP_WAIT_MAX_MS) {
        return give_back(err, wait_ms);
    }
    log_retry(retry, status, wait_ms);
    return runtime->wait(runtime->context, wait_ms, err);
}

bool http_retry_again(struct http_retry *retry, bool sent, struct http_response *response,
                      struct error *err)
{
    struct error unseen = {0};
    err = err == NULL ? &unseen : err; /* its kind decides here */
    retry->tries++;
    retry->refresh = false;
    response->tries = retry->tries;

    enum verdict verdict = VERDICT_FAIL;
    if (sent) {
        verdict = judge_answer(retry, response, err);
    } else if (err->kind == ERROR_UNREACHABLE) {
        verdict = VERDICT_REPEAT;
    }

    switch (verdict) {
    case VERDICT_ANSWER:
        retry->is_answered = true;
        return false;
    case VERDICT_REFRESH:
        retry->refresh = true;
        retry->was_refresh = true;
        return true;
    case VERDICT_REPEAT:
        return wait_turn(retry, response, sent ? response->status : 0, err);
    case VERDICT_FAIL:
        break;
    }
    return false;
}

int64_t http_retry_after_ms(const char *value, int64_t now_ms)
{
    int64_t at_ms = 0;
    if (value[0] >= '0' && value[0] <= '9') {
        long long seconds = strtoll(value, NULL, 10);
        return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) *
               MS_PER_SECOND;
    }
    if (!timestamp_parse_http(bytes_of(value), &at_ms) || at_ms <= now_ms) {
        return 0;
    }
    return at_ms - now_ms;
}

bool http_retry_budget(const struct runtime *runtime, const struct http_request *request,
                       int64_t *timeout_ms, struct error *err)
{
    *timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS;
    if (request->deadline_ms == 0) {
        return true;
    }
    int64_t left_ms = request->deadline_ms - runtime->monotonic_ms(runtime->context);
    if (left_ms <= 0) {
        return error_set(err, ERROR_BUSY, "no time left before the deadline");
    }
    *timeout_ms = left_ms < *timeout_ms ? left_ms : *timeout_ms;
    return true;
}
