/*
 * Posts events as OpenTelemetry log records, in protobuf.
 *
 *   POST /v1/logs                           Content-Type: application/x-protobuf
 *   resource_logs[1]{ resource, scope_logs[1]{ scope, log_records[] } }
 *
 * A record's body is the event in the sink's format, its attribute log.record.uid the
 * event.id: receivers may fold records that have the same one.
 *
 * An answer with partial_success says how many records were rejected, not which, and the
 * request must not be sent again. Were it all of them, they are refused as anywhere. Else
 * every event of the request becomes a dead letter that says so: most of them arrived,
 * and a replay may repeat those, but the rejected ones are lost in no case.
 *
 * 408 and 500 are repeated as for every sink, though the specification would drop them.
 *
 * Source: opentelemetry.io, "OTLP Specification", OTLP/HTTP; semantic conventions,
 * "General logs attributes"; sinks/otlp.proto.
 *
 * settings  {"url": "https://collector.example.com:4318", "api_key_file": "key", ...}
 */
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "sinks/otlp.pb-c.h"
#include "sinks/post_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEVERITY_INFO = 9,
    END_ROOM = 256,                 /* what is put before the records of a request */
    LENGTH_MAX = 1 + 5,             /* a tag and a length */
    TAG_RESOURCE_LOGS = 1 << 3 | 2, /* field 1, length-delimited */
    TAG_SCOPE_LOGS = 2 << 3 | 2,
};

static const struct setting otlp_settings[] = {
    {.name = "api_key_header",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9_-",
     .help = "the header of an API key"},
    {.type = SETTING_END},
};

/* What stands before the records of each request, already in protobuf. */
struct otlp {
    struct buf resource; /* field resource of ResourceLogs */
    struct buf scope;    /* field scope of ScopeLogs */
};

static bool add_packed(struct buf *out, const ProtobufCMessage *message)
{
    uint8_t *room = buf_reserve(out, protobuf_c_message_get_packed_size(message));
    if (room == NULL) {
        return false;
    }
    out->size += protobuf_c_message_pack(message, room);
    return true;
}

/* Borrows text: protobuf-c only reads it. */
static Otlp__AnyValue value_of(struct bytes text)
{
    Otlp__AnyValue value = OTLP__ANY_VALUE__INIT;
    value.string_value.data = (uint8_t *)(uintptr_t)text.data;
    value.string_value.len = text.size;
    return value;
}

static Otlp__KeyValue attribute_of(const char *key, Otlp__AnyValue *value)
{
    Otlp__KeyValue attribute = OTLP__KEY_VALUE__INIT;
    attribute.key = (char *)(uintptr_t)key;
    attribute.value = value;
    return attribute;
}

static uint64_t nanoseconds(int64_t ms)
{
    enum { NS_PER_MS = 1000 * 1000 };
    return ms < 0 ? 0 : (uint64_t)ms * NS_PER_MS;
}

static bool add_record(const struct post_options *options, struct buf *body, size_t count,
                       const struct post_event *event)
{
    (void)count;
    (void)options;
    Otlp__AnyValue text = value_of(event->text);
    Otlp__AnyValue id = value_of(bytes_of(event->id));
    Otlp__KeyValue uid = attribute_of("log.record.uid", &id);
    Otlp__KeyValue *attributes[] = {&uid};
    Otlp__LogRecord record = OTLP__LOG_RECORD__INIT;
    record.time_unix_nano = nanoseconds(event->time_ms);
    record.observed_time_unix_nano = nanoseconds(event->observed_ms);
    record.severity_number = SEVERITY_INFO;
    record.severity_text = (char *)(uintptr_t) "INFO";
    record.body = &text;
    record.n_attributes = 1;
    record.attributes = attributes;
    Otlp__LogRecord *records[] = {&record};
    Otlp__ScopeLogs logs = OTLP__SCOPE_LOGS__INIT;
    logs.n_log_records = 1;
    logs.log_records = records;
    return add_packed(body, &logs.base);
}

static size_t put_length(uint8_t *out, uint8_t tag, size_t length)
{
    enum { BITS = 7, MORE = 0x80 };
    size_t size = 0;
    out[size++] = tag;
    for (; length >= MORE; length >>= BITS) {
        out[size++] = (uint8_t)(length | MORE);
    }
    out[size++] = (uint8_t)length;
    return size;
}

/* Puts what the records belong to before them, now that their size is known. */
static void wrap_records(const struct post_options *options, struct buf *body)
{
    const struct otlp *otlp = options->own;
    uint8_t before[END_ROOM];
    uint8_t scope_logs[LENGTH_MAX];
    size_t scope_size =
        put_length(scope_logs, TAG_SCOPE_LOGS, otlp->scope.size + body->size);
    size_t size =
        put_length(before, TAG_RESOURCE_LOGS,
                   otlp->resource.size + scope_size + otlp->scope.size + body->size);
    const struct bytes parts[] = {
        buf_bytes(&otlp->resource), {scope_logs, scope_size}, buf_bytes(&otlp->scope)};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(before + size, parts[i].data, parts[i].size);
        size += parts[i].size;
    }
    buf_reserve(body, size); /* post_body_add left END_ROOM */
    memmove(body->data + size, body->data, body->size);
    memcpy(body->data, before, size);
    body->size += size;
}

/* How many records the answer says were rejected; -1: it is no answer of this protocol.
 */
static int64_t count_rejected(const struct http_response *response)
{
    int64_t rejected = 0;
    if (strcmp(response->content_type, "application/json") == 0) {
        json_t *answer =
            json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
        const json_t *count = json_object_get(json_object_get(answer, "partialSuccess"),
                                              "rejectedLogRecords");
        /* 64-bit numbers are texts in this protocol's JSON. */
        rejected = json_is_string(count) ? strtoll(json_string_value(count), NULL, 10)
                                         : json_integer_value(count);
        bool is_answer = json_is_object(answer);
        json_decref(answer);
        return is_answer ? rejected : -1;
    }
    Otlp__Answer *answer =
        otlp__answer__unpack(NULL, response->body.size, response->body.data);
    if (answer == NULL) {
        return -1;
    }
    if (answer->partial_success != NULL) {
        rejected = answer->partial_success->rejected_log_records;
    }
    otlp__answer__free_unpacked(answer, NULL);
    return rejected;
}

static enum post_verdict refuse_some(int64_t rejected, struct outcome *outcomes,
                                     size_t count)
{
    bool is_all = rejected >= (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        outcomes[i].kind = OUTCOME_REFUSED;
        outcomes[i].is_doubted = !is_all;
        snprintf(outcomes[i].reason, sizeof(outcomes[i].reason),
                 "partial_success: %" PRId64 " of %zu log records rejected%s", rejected,
                 count, is_all ? "" : ", unknown which");
    }
    return POST_MIXED;
}

static enum post_verdict judge(const struct post_call *call,
                               const struct http_response *response,
                               struct outcome *outcomes, size_t count, struct error *err)
{
    (void)call;
    if (response->status < 200 || response->status > 299) {
        return POST_AS_USUAL;
    }
    int64_t rejected = count_rejected(response);
    if (rejected < 0) {
        error_set(err, ERROR_CONFIG,
                  "HTTP %d, but not the answer of an OTLP receiver; see \"url\"",
                  response->status);
        return POST_DENIED;
    }
    return rejected == 0 ? POST_ACCEPTED : refuse_some(rejected, outcomes, count);
}

static void free_own(void *own)
{
    struct otlp *otlp = own;
    buf_clear(&otlp->resource);
    buf_clear(&otlp->scope);
    free(otlp);
}

static struct otlp *make_own(void)
{
    struct otlp *otlp = mem_new(1, sizeof(*otlp));
    buf_init(&otlp->resource, END_ROOM);
    buf_init(&otlp->scope, END_ROOM);
    Otlp__AnyValue values[] = {value_of(bytes_of("auditbridge")),
                               value_of(bytes_of(BRIDGE_VERSION))};
    Otlp__KeyValue items[] = {attribute_of("service.name", &values[0]),
                              attribute_of("service.version", &values[1])};
    Otlp__KeyValue *attributes[] = {&items[0], &items[1]};
    Otlp__Resource resource = OTLP__RESOURCE__INIT;
    resource.n_attributes = 2;
    resource.attributes = attributes;
    Otlp__ResourceLogs logs = OTLP__RESOURCE_LOGS__INIT;
    logs.resource = &resource;
    add_packed(&otlp->resource, &logs.base);

    Otlp__Scope scope = OTLP__SCOPE__INIT;
    scope.name = (char *)(uintptr_t) "auditbridge";
    scope.version = (char *)(uintptr_t)BRIDGE_VERSION;
    Otlp__ScopeLogs scoped = OTLP__SCOPE_LOGS__INIT;
    scoped.scope = &scope;
    add_packed(&otlp->scope, &scoped.base);
    return otlp;
}

static const struct post_dialect logs = {.path = "/v1/logs",
                                         .content_type = "application/x-protobuf",
                                         .add = add_record,
                                         .end = wrap_records,
                                         .end_room = END_ROOM,
                                         .judge = judge,
                                         .free_own = free_own};

static bool otlp_open(const json_t *settings, enum event_format format,
                      const struct runtime *runtime, struct sink **sink,
                      struct error *err)
{
    (void)runtime;
    struct post_options *options = post_options_new(settings, &logs);
    const char *header = object_text(settings, "api_key_header");
    free(options->auth_header);
    options->auth_header = mem_dup(header == NULL ? "x-api-key" : header);
    options->own = make_own();
    return post_sink_open_take(options, format, sink, err);
}

const struct sink_type sink_otlp = {
    .name = "otlp",
    .help = "posts events as OpenTelemetry log records; a 2xx answer acknowledges them",
    .is_acknowledged = true,
    .settings = otlp_settings,
    .shared = post_all_settings,
    .fault = post_options_fault,
    .open = otlp_open,
    .send = post_sink_send,
    .close = post_sink_close,
};
