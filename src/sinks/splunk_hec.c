/*
 * Sends events to Splunk's HTTP Event Collector, and waits until they are indexed.
 *
 *   POST /services/collector/event          Authorization: Splunk TOKEN
 *   X-Splunk-Request-Channel: 8d0c...       one for the life of the sink
 *   {"time":1700000000.123,"sourcetype":"...","event":{...},"fields":{"event_id":"..."}}
 *
 *   200 {"text":"Success","code":0,"ackId":7}
 *   POST /services/collector/ack?channel=8d0c...   {"acks":[7]} -> {"acks":{"7":true}}
 *
 * A 200 only says that the body could be read: with `acknowledgement`, the default, an
 * event counts once the indexer says so, asked with the load balancer's cookie, since ids
 * are each indexer's own. What is not indexed in time is sent again: Splunk knows no
 * repeats, so searches fold them by event_id. Without, the sink is unverified.
 *
 * Source: docs.splunk.com, "About HTTP Event Collector Indexer Acknowledgment" and the
 * reply codes of "Troubleshoot HTTP Event Collector".
 *
 * settings  {"url": "https://hec.example.com:8088", "token_file": "token", ...}
 */
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "event/escape.h"
#include "sinks/post_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANNEL_BYTES = 16,
    CHANNEL_SIZE = 37, /* "8d0c6a4e-....", with its NUL */
    FIRST_ASK_MS = 500,
    LONGEST_ASK_MS = 5 * 1000,
    ACK_BODY_MAX = 64,
};

static const struct setting splunk_settings[] = {
    {.name = "token", .type = SETTING_SECRET, .help = "the token of the collector"},
    {.name = "token_file",
     .type = SETTING_PATH,
     .help = "a file with the token, read again when it changes"},
    {.name = "acknowledgement",
     .type = SETTING_BOOL,
     .fallback = "true",
     .help = "waits until the indexer has an event; the token must allow it"},
    {.name = "acknowledgement_timeout",
     .type = SETTING_DURATION,
     .fallback = "90s",
     .min = MS_PER_SECOND,
     .max = INT64_C(10) * MS_PER_MINUTE,
     .help = "what is not indexed by then is sent again"},
    {.name = "index",
     .type = SETTING_TEXT,
     .pattern = "a-z0-9_-",
     .help = "the index, when not the token's"},
    {.name = "sourcetype",
     .type = SETTING_TEXT,
     .fallback = "auditbridge",
     .pattern = "a-zA-Z0-9._:-",
     .help = "the source type of every event"},
    {.type = SETTING_END},
};

/* What this sink keeps beside its options. */
struct splunk {
    char *before; /* of every event: "sourcetype" and "index" */
    char channel[CHANNEL_SIZE];
    char *ack_url; /* NULL: without acknowledgement */
    int64_t ack_timeout_ms;
};

static const char *splunk_fault(const json_t *settings, const char **key)
{
    bool has_token = object_text(settings, "token") != NULL;
    bool has_file = object_text(settings, "token_file") != NULL;
    if (has_token && has_file) {
        *key = "token_file";
        return "cannot stand beside \"token\"; keep one of them";
    }
    if (!has_token && !has_file) {
        *key = "token_file";
        return "is missing, and \"token\" too: one of them says the collector's token";
    }
    return post_options_fault(settings, key);
}

static bool splunk_is_unverified(const json_t *settings)
{
    return json_is_false(json_object_get(settings, "acknowledgement"));
}

static bool add_escaped(struct buf *body, const char *text)
{
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    size_t size = escape_count(bytes);
    uint8_t *room = buf_reserve(body, size);
    if (room == NULL) {
        return false;
    }
    escape_text(room, bytes);
    body->size += size;
    return true;
}

static bool add_event(const struct post_options *options, struct buf *body, size_t count,
                      const struct post_event *event)
{
    (void)count;
    const struct splunk *splunk = options->own;
    int64_t seconds = event->time_ms / MS_PER_SECOND;
    return buf_addf(body, "{\"time\":%lld.%03d,%s\"event\":", (long long)seconds,
                    (int)(event->time_ms % MS_PER_SECOND), splunk->before) &&
           buf_add_bytes(body, event->text) &&
           buf_add_text(body, ",\"fields\":{\"event_id\":\"") &&
           add_escaped(body, event->id) && buf_add_text(body, "\"}}\n");
}

static bool add_channel(const struct post_call *call, const struct http_request *request,
                        bool refresh, struct http_extra *extra, struct error *err)
{
    (void)request;
    (void)refresh;
    const struct splunk *splunk = call->options->own;
    return http_extra_add(extra, "X-Splunk-Request-Channel", splunk->channel, err);
}

/* Has the indexer what it gave ack_id for? false, err set: nobody knows. */
static bool ask_indexer(const struct post_call *call,
                        const struct post_question *question, const char *ack_id,
                        bool *is_indexed, struct error *err)
{
    struct http_response response = {0};
    if (!post_ask(call, question, &response, err)) {
        return false;
    }
    json_t *answer =
        json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
    *is_indexed = json_is_true(json_object_get(json_object_get(answer, "acks"), ack_id));
    bool ok = response.status == 200 && json_is_object(answer);
    json_decref(answer);
    if (!ok) {
        error_set(err, ERROR_BUSY, "the acknowledgement was asked for: HTTP %d",
                  response.status);
    }
    http_response_clear(&response);
    return ok;
}

/* Until when an acknowledgement is waited for. */
static int64_t ack_deadline(const struct post_call *call)
{
    const struct splunk *splunk = call->options->own;
    int64_t deadline_ms =
        call->runtime->monotonic_ms(call->runtime->context) + splunk->ack_timeout_ms;
    bool is_sooner = call->deadline_ms != 0 && call->deadline_ms < deadline_ms;
    return is_sooner ? call->deadline_ms : deadline_ms;
}

/* Asks until the indexer has the events, or time is over: then they are sent again. */
static enum post_verdict wait_for_indexer(const struct post_call *call,
                                          const struct http_response *sent,
                                          json_int_t number, struct error *err)
{
    const struct runtime *runtime = call->runtime;
    const struct splunk *splunk = call->options->own;
    char body[ACK_BODY_MAX];
    char ack_id[ACK_BODY_MAX];
    snprintf(ack_id, sizeof(ack_id), "%lld", (long long)number);
    int size = snprintf(body, sizeof(body), "{\"acks\":[%s]}", ack_id);
    const struct post_question question = {
        splunk->ack_url, {(const uint8_t *)body, (size_t)size}, sent->cookie};
    int64_t deadline_ms = ack_deadline(call);
    int64_t wait_ms = FIRST_ASK_MS;
    bool is_indexed = false;
    while (!is_indexed) {
        int64_t now_ms = runtime->monotonic_ms(runtime->context);
        if (now_ms + wait_ms > deadline_ms) {
            error_set(err, ERROR_BUSY,
                      "events are not indexed yet; they are sent again, and event_id "
                      "tells the copies");
            return POST_FAILED;
        }
        if (!runtime->wait(runtime->context, wait_ms, err) ||
            !ask_indexer(call, &question, ack_id, &is_indexed, err)) {
            return POST_FAILED;
        }
        wait_ms = wait_ms * 2 > LONGEST_ASK_MS ? LONGEST_ASK_MS : wait_ms * 2;
    }
    return POST_ACCEPTED;
}

/* Reply codes that every event of this sink would meet, and what to do. */
static const struct {
    int code;
    const char *remedy;
} config_codes[] = {
    {1, "the token is disabled"},
    {2, "it wants a token"},
    {3, "the token is not taken"},
    {4, "the token is not valid"},
    {7, "the token may not write to this index; see \"index\""},
    {10, "the token has indexer acknowledgement on, and no channel was seen"},
    {11, "the channel is not taken"},
    {14, "the token has indexer acknowledgement off; turn it on, or set "
         "acknowledgement: false"},
};

static const char *remedy_of(int code)
{
    for (size_t i = 0; i < sizeof(config_codes) / sizeof(config_codes[0]); i++) {
        if (config_codes[i].code == code) {
            return config_codes[i].remedy;
        }
    }
    return NULL;
}

static enum post_verdict judge_success(const struct post_call *call,
                                       const struct http_response *response,
                                       const json_t *answer, struct error *err)
{
    const struct splunk *splunk = call->options->own;
    if (splunk->ack_url == NULL) {
        return POST_ACCEPTED;
    }
    const json_t *ack_id = json_object_get(answer, "ackId");
    if (json_is_integer(ack_id)) {
        return wait_for_indexer(call, response, json_integer_value(ack_id), err);
    }
    error_set(err, ERROR_CONFIG, "no ackId: %s", remedy_of(14));
    return POST_DENIED;
}

static enum post_verdict judge(const struct post_call *call,
                               const struct http_response *response,
                               struct outcome *outcomes, size_t count, struct error *err)
{
    (void)outcomes;
    (void)count;
    json_t *answer =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const json_t *written = json_object_get(answer, "code");
    int code = json_is_integer(written) ? (int)json_integer_value(written) : -1;
    enum post_verdict verdict = POST_AS_USUAL;
    if (response->status >= 200 && response->status <= 299) {
        verdict = judge_success(call, response, answer, err);
    } else if (response->status >= 400 && response->status <= 499 &&
               remedy_of(code) != NULL) {
        error_set(err, ERROR_DENIED, "HTTP %d, code %d: %s", response->status, code,
                  remedy_of(code));
        verdict = POST_DENIED;
    }
    json_decref(answer);
    return verdict;
}

static void free_own(void *own)
{
    struct splunk *splunk = own;
    free(splunk->before);
    free(splunk->ack_url);
    free(splunk);
}

static const struct post_dialect hec = {.path = "/services/collector/event",
                                        .key_prefix = "Splunk ",
                                        .content_type = "application/json",
                                        .add = add_event,
                                        .judge = judge,
                                        .headers = add_channel,
                                        .free_own = free_own};

/* A random UUID, version 4: an indexer keeps acknowledgements by channel. */
static void make_channel(const struct runtime *runtime, char out[CHANNEL_SIZE])
{
    uint8_t raw[CHANNEL_BYTES];
    runtime->random(runtime->context, raw, sizeof(raw));
    raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
    raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
    size_t size = 0;
    for (size_t i = 0; i < sizeof(raw); i++) {
        bool is_after_dash = i == 4 || i == 6 || i == 8 || i == 10;
        size += (size_t)snprintf(out + size, CHANNEL_SIZE - size, "%s%02x",
                                 is_after_dash ? "-" : "", raw[i]);
    }
}

static struct splunk *make_own(const json_t *settings, const struct runtime *runtime)
{
    struct splunk *splunk = mem_new(1, sizeof(*splunk));
    const char *index = object_text(settings, "index");
    make_channel(runtime, splunk->channel);
    splunk->ack_timeout_ms =
        json_integer_value(json_object_get(settings, "acknowledgement_timeout"));
    /* Both hold no byte that JSON would escape: splunk_settings says so. */
    splunk->before = mem_format("\"source\":\"auditbridge\",\"sourcetype\":\"%s\",%s%s%s",
                                object_text(settings, "sourcetype"),
                                index == NULL ? "" : "\"index\":\"",
                                index == NULL ? "" : index, index == NULL ? "" : "\",");
    return splunk;
}

static bool splunk_open(const json_t *settings, enum event_format format,
                        const struct runtime *runtime, struct sink **sink,
                        struct error *err)
{
    struct post_options *options = post_options_new(settings, &hec);
    struct splunk *splunk = make_own(settings, runtime);
    if (!splunk_is_unverified(settings)) {
        size_t size = strlen(options->url) - strlen("event");
        splunk->ack_url =
            mem_format("%.*sack?channel=%s", (int)size, options->url, splunk->channel);
    }
    options->own = splunk;
    return post_sink_open_take(options, format, sink, err);
}

const struct sink_type sink_splunk_hec = {
    .name = "splunk-hec",
    .help = "sends events to Splunk's HTTP Event Collector and waits for the indexer",
    .is_acknowledged = true,
    .is_unverified = splunk_is_unverified,
    .settings = splunk_settings,
    .shared = post_transport_only_settings,
    .fault = splunk_fault,
    .open = splunk_open,
    .send = post_sink_send,
    .close = post_sink_close,
};
