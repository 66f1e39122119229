/*
 * Indexes events in Elasticsearch or OpenSearch by the bulk API.
 *
 *   POST /_bulk
 *   {"create":{"_index":"audit-2026.11","_id":"aws:111122223333:..."}}
 *   {"@timestamp":"2026-11-25T09:26:53.000Z", ...}
 *
 * `create` with event.id as _id makes a repeat harmless: the index answers 409, which
 * counts as delivered. Ids are unique in one index only, so the index is named after the
 * time of the event and not of its arrival; in a data stream a repeat after a rollover is
 * a second document. Whether it is a data stream shows in the answer: its backing indices
 * are named .ds-*. Elasticsearch could be told to require one
 * (require_data_stream, 8.13), but OpenSearch refuses a request that says so.
 *
 * Each event has a status of its own (elasticsearch-specification, _global/bulk; Beats'
 * libbeat/outputs/elasticsearch/client.go): 2xx and 409 are delivered; 429, 5xx and a
 * blocked index come again; an index that is not there or forbidden holds the sink;
 * another 4xx is that event's own fault.
 *
 * settings  {"url": "https://search.example.com:9200", "index": "audit-%Y.%m", ...}
 */
#include "base/digest.h"
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "event/escape.h"
#include "sinks/post_sink.h"
#include "sinks/search_signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID_MAX = 512,    /* bytes of _id (indices.id_field_data, OpenSearch's bulk page) */
    INDEX_MAX = 255, /* bytes of an index' name */
    CONFLICT = 409,
    TYPE_SHOWN = 64,
};

/* Only what is looked at, percent-encoded as a signature wants it: ',' and '*'. */
#define FILTER                                                                           \
    "filter_path=errors%2Citems.%2A.status%2Citems.%2A.error.type%2C"                    \
    "items.%2A.error.caused_by.type"

static const struct setting elasticsearch_settings[] = {
    {.name = "index",
     .type = SETTING_TEXT,
     .fallback = "auditbridge-%Y.%m",
     .pattern = "a-z0-9._%Ymd-",
     .help = "where events go; %Y, %m and %d are of the event's own time"},
    {.name = "data_stream",
     .type = SETTING_TEXT,
     .pattern = "a-z0-9._-",
     .help = "a data stream instead; after a rollover it no longer knows repeats"},
    {.type = SETTING_END},
};

/* Where a part of the time stands in "2026-11-25T09:26:53.000Z"; NULL: no such part. */
static const char *part_of(const char *time, char letter, int *size)
{
    *size = letter == 'Y' ? 4 : 2;
    switch (letter) {
    case 'Y':
        return time;
    case 'm':
        return time + strlen("2026-");
    case 'd':
        return time + strlen("2026-11-");
    default:
        return NULL;
    }
}

/* The index pattern with its time filled in; false when it holds another '%'. */
static bool name_index(const char *pattern, int64_t time_ms, char out[INDEX_MAX + 1])
{
    char time[TIMESTAMP_TEXT_SIZE];
    size_t size = 0;
    timestamp_format(time_ms, time);
    for (const char *at = pattern; *at != '\0' && size < INDEX_MAX; at++) {
        int part_size = 1;
        const char *part = *at == '%' ? part_of(time, at[1], &part_size) : at;
        if (part == NULL) {
            return false;
        }
        size +=
            (size_t)snprintf(out + size, INDEX_MAX + 1 - size, "%.*s", part_size, part);
        at += *at == '%';
    }
    return size > 0 && size <= INDEX_MAX;
}

static bool is_index_name(const char *name)
{
    return strchr("-_.", name[0]) == NULL && strstr(name, "..") == NULL &&
           strpbrk(name, "Y%") == NULL;
}

static const char *elasticsearch_fault(const json_t *settings, const char **key)
{
    char name[INDEX_MAX + 1];
    const char *stream = object_text(settings, "data_stream");
    const char *fault = post_options_fault(settings, key);
    fault = fault == NULL ? search_signer_fault(settings, key) : fault;
    if (fault != NULL) {
        return fault;
    }
    *key = "data_stream";
    const char *format = object_text(settings, "format");
    if (stream != NULL && format != NULL && strcmp(format, "ecs") != 0) {
        return "takes events with an @timestamp alone, which only format: ecs has";
    }
    if (stream != NULL) {
        return strlen(stream) <= INDEX_MAX && is_index_name(stream)
                   ? NULL
                   : "is no name of a data stream: it begins with a letter or a digit";
    }
    *key = "index";
    if (!name_index(object_text(settings, "index"), 0, name) || !is_index_name(name)) {
        return "is no name of an index: lower-case letters, digits, '.', '_' and '-' "
               "after a letter or a digit, with %Y, %m and %d for the time";
    }
    return NULL;
}

/* _id of an event: event.id, or its hash where that is too long for an _id. */
static bool add_id(struct buf *body, const char *id)
{
    struct bytes text = {(const uint8_t *)id, strlen(id)};
    if (text.size > ID_MAX) {
        uint8_t digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];
        digest_sha256(text, digest);
        digest_hex((struct bytes){digest, sizeof(digest)}, hex);
        return buf_add_text(body, "sha256:") && buf_add_text(body, hex);
    }
    size_t size = escape_count(text);
    uint8_t *room = buf_reserve(body, size);
    if (room == NULL) {
        return false;
    }
    escape_text(room, text);
    body->size += size;
    return true;
}

/* What this sink keeps beside its options. */
struct elasticsearch {
    char *index; /* its pattern, or the data stream's name */
    bool is_stream;
    struct search_signer *signer; /* NULL: nothing is signed */
};

static bool add_event(const struct post_options *options, struct buf *body, size_t count,
                      const struct post_event *event)
{
    (void)count;
    char index[INDEX_MAX + 1];
    const struct elasticsearch *own = options->own;
    return name_index(own->index, event->time_ms, index) &&
           buf_addf(body, "{\"create\":{\"_index\":\"%s\",\"_id\":\"", index) &&
           add_id(body, event->id) && buf_add_text(body, "\"}}\n") &&
           buf_add_bytes(body, event->text) && buf_add_byte(body, '\n');
}

/* The kind of an item's error, or "" where it is no word: it is shown to people. */
static const char *error_type(const json_t *item)
{
    const char *type = object_text(json_object_get(item, "error"), "type");
    bool is_word = type != NULL && strlen(type) <= TYPE_SHOWN &&
                   type[strspn(type, "abcdefghijklmnopqrstuvwxyz_0123456789")] == '\0';
    return is_word ? type : "";
}

/* Refusals that every event of this sink would meet. */
static bool is_of_all(int status, const char *type)
{
    return status == 401 || strcmp(type, "security_exception") == 0 ||
           strcmp(type, "index_not_found_exception") == 0 ||
           strcmp(type, "index_closed_exception") == 0 ||
           strcmp(type, "invalid_index_name_exception") == 0;
}

/* Did an event go to an index, made for it by chance, in the data stream's stead? */
static bool has_missed_stream(const struct elasticsearch *own, const json_t *item)
{
    const char *index = object_text(item, "_index");
    return own->is_stream && (index == NULL || strncmp(index, ".ds-", 4) != 0);
}

static bool judge_item(const struct elasticsearch *own, const json_t *entry,
                       struct outcome *outcome, struct error *err)
{
    const json_t *item = json_object_get(entry, "create");
    int status = (int)json_integer_value(json_object_get(item, "status"));
    const char *type = error_type(item);
    bool is_there = (status >= 200 && status <= 299) || status == CONFLICT;
    *outcome = (struct outcome){.kind = OUTCOME_RETRY};
    snprintf(outcome->reason, sizeof(outcome->reason), "HTTP %d %s", status, type);
    if (is_there && has_missed_stream(own, item)) {
        return error_set(err, ERROR_CONFIG,
                         "%s is an index and no data stream: make its index template "
                         "with \"data_stream\": {}, then delete the index",
                         own->index);
    }
    if (is_there) {
        outcome->kind = status == CONFLICT ? OUTCOME_DUPLICATE : OUTCOME_ACCEPTED;
    } else if (is_of_all(status, type)) {
        return error_set(err, ERROR_DENIED, "HTTP %d %s for an event", status, type);
    } else if (status >= 400 && status <= 499 && status != 429 &&
               strcmp(type, "cluster_block_exception") != 0) {
        outcome->kind = OUTCOME_REFUSED;
    }
    return true;
}

static enum post_verdict judge_items(const struct elasticsearch *own,
                                     const json_t *answer, struct outcome *outcomes,
                                     size_t count, struct error *err)
{
    const json_t *items = json_object_get(answer, "items");
    if (json_array_size(items) != count) {
        error_set(err, ERROR_BUSY, "its answer speaks of %zu events, not of %zu",
                  json_array_size(items), count);
        return POST_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        if (!judge_item(own, json_array_get(items, i), &outcomes[i], err)) {
            return POST_DENIED;
        }
    }
    return POST_MIXED;
}

static enum post_verdict judge(const struct post_call *call,
                               const struct http_response *response,
                               struct outcome *outcomes, size_t count, struct error *err)
{
    if (response->status < 200 || response->status > 299) {
        return POST_AS_USUAL;
    }
    json_t *answer = json_loadb((const char *)response->body.data, response->body.size,
                                JSON_DISABLE_EOF_CHECK, NULL);
    enum post_verdict verdict =
        judge_items(call->options->own, answer, outcomes, count, err);
    json_decref(answer);
    return verdict;
}

static bool sign(const struct post_call *call, const struct http_request *request,
                 bool refresh, struct http_extra *extra, struct error *err)
{
    const struct elasticsearch *own = call->options->own;
    const struct search_try try = {call->runtime, request, refresh};
    return own->signer == NULL || search_signer_add(own->signer, &try, extra, err);
}

static void free_own(void *own)
{
    struct elasticsearch *elasticsearch = own;
    search_signer_free(elasticsearch->signer);
    free(elasticsearch->index);
    free(elasticsearch);
}

static const struct post_dialect bulk = {.path = "/_bulk?" FILTER,
                                         .key_prefix = "ApiKey ",
                                         .content_type = "application/x-ndjson",
                                         .add = add_event,
                                         .judge = judge,
                                         .headers = sign,
                                         .is_stale = search_signer_is_stale,
                                         .free_own = free_own};
static const struct post_dialect stream_bulk = {.path = "/_bulk?" FILTER
                                                        "%2Citems.%2A._index",
                                                .key_prefix = "ApiKey ",
                                                .content_type = "application/x-ndjson",
                                                .add = add_event,
                                                .judge = judge,
                                                .headers = sign,
                                                .is_stale = search_signer_is_stale,
                                                .free_own = free_own};

static const struct setting *const shared_settings[] = {
    post_transport_settings, post_auth_settings, search_signer_settings, NULL};

static bool elasticsearch_open(const json_t *settings, enum event_format format,
                               const struct runtime *runtime, struct sink **sink,
                               struct error *err)
{
    (void)runtime;
    const char *stream = object_text(settings, "data_stream");
    struct search_signer *signer = NULL;
    if (!search_signer_new(settings, &signer, err)) {
        return false;
    }
    struct post_options *options =
        post_options_new(settings, stream == NULL ? &bulk : &stream_bulk);
    struct elasticsearch *own = mem_new(1, sizeof(*own));
    own->index = mem_dup(stream == NULL ? object_text(settings, "index") : stream);
    own->is_stream = stream != NULL;
    own->signer = signer;
    options->own = own;
    return post_sink_open_take(options, format, sink, err);
}

const struct sink_type sink_elasticsearch = {
    .name = "elasticsearch",
    .help = "indexes events in Elasticsearch or OpenSearch; repeats are told apart",
    .is_acknowledged = true,
    .settings = elasticsearch_settings,
    .shared = shared_settings,
    .fault = elasticsearch_fault,
    .open = elasticsearch_open,
    .send = post_sink_send,
    .close = post_sink_close,
};
