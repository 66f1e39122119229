#include "platform.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>

#include <cmocka.h>

enum { BODY_MAX = 8 << 20, WALL_MS = 1000000 };

/* The body as it was before it was compressed. */
static struct bytes unpack(const struct platform *platform, const struct buf *wire,
                           struct buf *plain)
{
    if (strcmp(platform->encoding, "gzip") != 0) {
        return buf_bytes(wire);
    }
    z_stream stream = {.next_in = wire->data, .avail_in = (uInt)wire->size};
    assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    stream.next_out = buf_reserve(plain, BODY_MAX);
    stream.avail_out = BODY_MAX;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    plain->size = stream.total_out;
    inflateEnd(&stream);
    return buf_bytes(plain);
}

/* The events of a body in either form, as an array. */
static json_t *events_of(struct bytes body)
{
    const char *text = (const char *)body.data;
    if (body.data[0] == '[') {
        return json_loadb(text, body.size, 0, NULL);
    }
    json_t *events = json_array();
    assert_int_equal(text[body.size - 1], '\n');
    while (body.size > 0) {
        size_t size = (size_t)((uint8_t *)memchr(body.data, '\n', body.size) - body.data);
        json_t *event = json_loadb((const char *)body.data, size, 0, NULL);
        assert_non_null(event);
        json_array_append_new(events, event);
        body.data += size + 1;
        body.size -= size + 1;
    }
    return events;
}

static const char *member(const json_t *event, const char *name)
{
    return json_string_value(json_object_get(json_object_get(event, "event"), name));
}

static bool is_heartbeat(const json_t *event)
{
    const char *action = member(event, "action");
    return action != NULL && strcmp(action, "bridge.heartbeat") == 0;
}

static size_t number_of(const json_t *event)
{
    size_t number = strtoul(member(event, "id"), NULL, 10);
    assert_true(number < PLATFORM_EVENTS);
    return number;
}

static void take(struct platform *platform, const json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (!is_heartbeat(event)) {
            platform->taken[number_of(event)]++;
            platform->was_short = member(event, "original") == NULL;
        }
    }
}

static bool has_poison(const struct platform *platform, const json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (!is_heartbeat(event) && platform->poison[number_of(event)]) {
            return true;
        }
    }
    return false;
}

static int status_of(const struct platform *platform, const json_t *events,
                     size_t body_size)
{
    bool is_probe = is_heartbeat(json_array_get(events, 0));
    if (platform->key != NULL && strcmp(platform->credential, platform->key) != 0) {
        return 401;
    }
    if (is_probe && platform->heartbeat_status != 0) {
        return platform->heartbeat_status;
    }
    if (platform->status != 0) {
        return platform->status;
    }
    if (platform->size_max > 0 && body_size > platform->size_max) {
        return 413;
    }
    return has_poison(platform, events) ? platform->poison_status : 202;
}

static void note_headers(struct platform *platform, const struct http_request *request,
                         bool refresh)
{
    struct http_extra extra = {0};
    struct error err = {0};
    platform->encoding[0] = '\0';
    for (size_t i = 0; i < request->header_count; i++) {
        bool is_type = strcasecmp(request->headers[i].name, "Content-Type") == 0;
        snprintf(is_type ? platform->content_type : platform->encoding,
                 is_type ? sizeof(platform->content_type) : sizeof(platform->encoding),
                 "%s", request->headers[i].value);
    }
    assert_true(request->authorize(request->context, request, refresh, &extra, &err));
    platform->credential[0] = '\0';
    if (extra.count > 0) {
        snprintf(platform->credential, sizeof(platform->credential), "%s: %s",
                 extra.items[extra.count - 1].name, extra.items[extra.count - 1].value);
    }
    http_extra_clear(&extra);
}

static bool answer(void *context, const struct http_request *request,
                   struct http_response *response, struct error *err)
{
    struct platform *platform = context;
    platform->requests++;
    if (platform->failure != ERROR_NONE && platform->requests >= platform->fails_from) {
        error_set(err, platform->failure, "it is down");
        err->retry_after_ms = platform->retry_after_ms;
        return false;
    }
    note_headers(platform, request, false);
    platform->last_body.size = 0;
    assert_true(buf_add_bytes(&platform->last_body, request->body));
    struct buf plain;
    buf_init(&plain, BODY_MAX);
    struct bytes body = unpack(platform, &platform->last_body, &plain);
    json_t *events = events_of(body);
    assert_non_null(events);
    platform->heartbeats += is_heartbeat(json_array_get(events, 0));

    response->status = status_of(platform, events, body.size);
    if ((response->status < 200 || response->status > 299) &&
        request->classify(request->context, response) == HTTP_REFRESH) {
        note_headers(platform, request, true);
        response->status = status_of(platform, events, body.size);
    }
    if (response->status >= 200 && response->status <= 299) {
        take(platform, events);
    }
    json_decref(events);
    buf_clear(&plain);
    return true;
}

static int64_t monotonic(void *context)
{
    return ((struct platform *)context)->now_ms;
}

static int64_t wall(void *context)
{
    return WALL_MS + ((struct platform *)context)->now_ms;
}

static bool pass_time(void *context, int64_t ms, struct error *err)
{
    (void)err;
    ((struct platform *)context)->now_ms += ms;
    return true;
}

static void half(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0x7f, size);
}

void platform_open(struct platform *platform)
{
    *platform = (struct platform){.poison_status = 400,
                                  .runtime = {.context = platform,
                                              .http = answer,
                                              .now_ms = wall,
                                              .monotonic_ms = monotonic,
                                              .wait = pass_time,
                                              .random = half}};
    buf_init(&platform->last_body, BODY_MAX);
}

void platform_close(struct platform *platform)
{
    buf_clear(&platform->last_body);
}

void platform_batch(struct batch *batch, size_t count, size_t size)
{
    batch_init(batch, "prod");
    char *original = mem_alloc(size + 1);
    memset(original, 'x', size);
    original[size] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct batch_event *event = batch_add(batch);
        struct buf *body = &batch->bodies[FORMAT_ECS];
        size_t at = body->size;
        buf_addf(body, "{\"event\":{\"id\":\"%zu\",\"original\":\"%s\"},\"moj\":{}}", i,
                 original);
        event->text[FORMAT_ECS].at = at;
        event->text[FORMAT_ECS].size = body->size - at;
    }
    free(original);
}

struct sink *platform_sink_take(struct platform *platform, json_t *settings)
{
    struct sink *sink = NULL;
    struct error err = {0};
    json_object_set_new(settings, "url", json_string("https://platform.test/events"));
    if (json_object_get(settings, "max_body_size") == NULL) {
        json_object_set_new(settings, "max_body_size", json_integer(4 << 20));
    }
    bool ok = sink_type_find("http")->open(settings, FORMAT_ECS, &platform->runtime,
                                           &sink, &err);
    json_decref(settings);
    assert_string_equal(err.text, "");
    assert_true(ok);
    return sink;
}

bool platform_send(struct platform *platform, struct sink *sink,
                   const struct batch *batch, struct outcome *outcomes, struct error *err)
{
    *err = (struct error){0};
    struct outcome *own = mem_new(batch->count, sizeof(*own));
    bool ok = sink_type_find("http")->send(sink, &platform->runtime, batch,
                                           outcomes == NULL ? own : outcomes, err);
    free(own);
    return ok;
}

size_t platform_count(const struct outcome *outcomes, size_t count,
                      enum outcome_kind kind)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += outcomes[i].kind == kind;
    }
    return found;
}
