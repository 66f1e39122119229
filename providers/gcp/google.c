#include "gcp/google.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "config/url.h"
#include "gcp/problem.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 60 * MS_PER_SECOND, JITTER_MS = 2 * MS_PER_SECOND };

/* Of what Google allows, what is left to consoles and other tools. */
static const double share = 0.8;

/* Takes url's scheme, host and port; it may have no path. */
static bool take_base(struct google *google, const char *url, struct error *err)
{
    struct url_origin origin;
    if (!url_split(url, &origin)) {
        return error_set(err, ERROR_CONFIG,
                         "endpoints: each must be like https://host[:port], without a "
                         "path");
    }
    google->base = mem_dup_bytes(url, origin.size);
    google->hosts[0] = mem_dup_bytes(origin.host, origin.host_size);
    return true;
}

bool google_open(struct google *google, const char *service, const json_t *settings,
                 const struct runtime *runtime, struct error *err)
{
    const json_t *endpoints = json_object_get(settings, "endpoints");
    const char *configured = json_string_value(json_object_get(endpoints, service));
    const char *ca_file = json_string_value(json_object_get(settings, "ca_file"));
    *google = (struct google){.runtime = runtime,
                              .ca_file = ca_file == NULL ? NULL : mem_dup(ca_file)};
    if (!adc_new(settings, &google->adc, err)) {
        return false;
    }
    char *url = configured == NULL
                    ? mem_format("https://%s.%s", service, adc_universe(google->adc))
                    : mem_dup(configured);
    bool ok = take_base(google, url, err);
    free(url);
    return ok;
}

void google_clear(struct google *google)
{
    adc_free(google->adc);
    free(google->base);
    free(google->hosts[0]);
    free(google->ca_file);
    *google = (struct google){0};
}

/* What stands between the first call of adc_token and the next: the refused token. */
struct errand {
    struct google *google;
    struct secret token;
    struct problem problem; /* what the last 429 said */
};

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    struct errand *errand = context;
    struct google *google = errand->google;
    struct secret refused = errand->token;
    errand->token = (struct secret){0};
    bool has_token =
        refresh
            ? adc_next_token(google->adc, google->runtime, &refused, &errand->token, err)
            : adc_token(google->adc, google->runtime, &errand->token, err);
    secret_clear(&refused);
    if (!has_token) {
        return false;
    }
    char *value = mem_format("Bearer %s", secret_reveal(&errand->token));
    bool ok = http_extra_add(extra, "Authorization", value, err);
    OPENSSL_cleanse(value, strlen(value));
    free(value);
    return ok;
}

/* Any 401 may be an expired or revoked token: it is fetched anew, once. */
static enum http_class classify(void *context, const struct http_response *response)
{
    (void)context;
    return response->status == 401 ? HTTP_REFRESH : HTTP_ANSWERED;
}

/* Until a little behind the end of Google's minute; and notes what the quota is. */
static int64_t wait_for_quota(void *context, const struct http_response *response)
{
    struct errand *errand = context;
    struct google *google = errand->google;
    const struct runtime *runtime = google->runtime;
    problem_read(response, &errand->problem);
    if (errand->problem.quota_a_minute > 0) {
        google->allowed_per_second = share * (double)errand->problem.quota_a_minute / 60;
    }
    int64_t now =
        response->date_ms != 0 ? response->date_ms : runtime->now_ms(runtime->context);
    uint8_t random[2] = {0};
    runtime->random(runtime->context, random, sizeof(random));
    int64_t jitter = ((int64_t)random[0] << 8 | random[1]) * JITTER_MS / (1 << 16);
    return MS_PER_MINUTE - now % MS_PER_MINUTE + jitter;
}

static bool check_answer(const struct google_call *call,
                         const struct http_response *response, struct error *err)
{
    if (response->status != 200) {
        return problem_refuse(response, call->denied, err);
    }
    if (strncmp(response->content_type, "text/", strlen("text/")) == 0) {
        return error_set(err, ERROR_UNREACHABLE,
                         "HTTP 200 with %s instead of JSON: something between us and "
                         "Google answered, such as a proxy's sign-in page",
                         response->content_type);
    }
    return true;
}

bool google_send(struct google *google, const struct google_call *call,
                 struct http_response *response, struct error *err)
{
    struct http_header headers[] = {{"Accept", "application/json"},
                                    {"Content-Type", "application/json"},
                                    {"X-Goog-User-Project", NULL}};
    headers[2].value = adc_quota_project(google->adc);
    struct errand errand = {.google = google};
    char *url = mem_format("%s%s", google->base, call->path);
    const struct http_request request = {
        .method = call->body.size == 0 ? "GET" : "POST",
        .url = url,
        .headers = headers,
        .header_count = headers[2].value == NULL ? 2 : 3,
        .body = call->body,
        .limit = call->limit,
        .timeout_ms = TIMEOUT_MS,
        .deadline_ms = call->patience_ms == 0
                           ? 0
                           : google->runtime->monotonic_ms(google->runtime->context) +
                                 call->patience_ms,
        .ca_file = google->ca_file,
        .authorize = authorize,
        .classify = classify,
        .throttle_wait = wait_for_quota,
        .credential_hosts = (const char *const *)google->hosts,
        .context = &errand,
    };
    bool ok = google->runtime->http(google->runtime->context, &request, response, err);
    free(url);
    secret_clear(&errand.token);
    if (ok) {
        return check_answer(call, response, err);
    }
    if (err != NULL && err->kind == ERROR_BUSY && response->status == 429) {
        problem_exhausted(&errand.problem, err);
    }
    if (err != NULL && err->kind == ERROR_UNREACHABLE && response->status == 504) {
        err->kind = ERROR_TOO_BIG; /* DEADLINE_EXCEEDED: there was too much to search */
    }
    return false;
}
