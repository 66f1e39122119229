/*
 * Posts events to a platform over HTTPS (sinks/post.h): 2xx says that it has them.
 *
 * settings  {"url": "https://logs.example.com/v1/events", "api_key_file": "key", ...}
 */
#include "base/mem.h"
#include "base/object.h"
#include "sinks/post_sink.h"

#include <stdlib.h>
#include <string.h>

static const char *const preset_names[] = {"generic", "xsiam", NULL};
static const char *const body_names[] = {"ndjson", "json_array", NULL};

static const struct setting http_settings[] = {
    {.name = "preset",
     .type = SETTING_CHOICE,
     .fallback = "generic",
     .choices = preset_names,
     .help = "defaults for one kind of platform"},
    {.name = "body",
     .type = SETTING_CHOICE,
     .fallback = "ndjson",
     .choices = body_names,
     .help = "one event a line, or one JSON array"},
    {.name = "content_type",
     .type = SETTING_TEXT,
     .help = "when not the usual one of the body"},
    {.name = "api_key_header",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9_-",
     .help = "the header that carries the key"},
    {.type = SETTING_END},
};

static bool is_said(const json_t *settings, const char *key, const char *value)
{
    const char *said = object_text(settings, key);
    return said != NULL && strcmp(said, value) == 0;
}

static const char *http_fault(const json_t *settings, const char **key)
{
    const char *fault = post_options_fault(settings, key);
    bool has_key = json_object_get(settings, "api_key") != NULL ||
                   json_object_get(settings, "api_key_file") != NULL;
    if (fault == NULL && is_said(settings, "preset", "xsiam") && !has_key) {
        *key = "preset";
        return "xsiam needs the collector's key: set \"api_key_file\" or \"api_key\"";
    }
    return fault;
}

static bool add_line(const struct post_options *options, struct buf *body, size_t count,
                     const struct post_event *event)
{
    (void)options;
    (void)count;
    return buf_add_bytes(body, event->text) && buf_add_byte(body, '\n');
}

static bool add_element(const struct post_options *options, struct buf *body,
                        size_t count, const struct post_event *event)
{
    (void)options;
    return buf_add_byte(body, count == 0 ? '[' : ',') && buf_add_bytes(body, event->text);
}

static void end_array(const struct post_options *options, struct buf *body)
{
    (void)options;
    buf_add_byte(body, ']');
}

static const struct post_dialect lines = {.content_type = "application/x-ndjson",
                                          .add = add_line};
static const struct post_dialect array = {.content_type = "application/json",
                                          .add = add_element,
                                          .end = end_array,
                                          .end_room = 1};

static bool http_open(const json_t *settings, enum event_format format,
                      const struct runtime *runtime, struct sink **sink,
                      struct error *err)
{
    (void)runtime;
    bool is_array = is_said(settings, "body", "json_array");
    /* Cortex XSIAM's HTTP collector: the bare key, text/plain, one event a line. */
    bool is_xsiam = is_said(settings, "preset", "xsiam");
    struct post_options *options = post_options_new(settings, is_array ? &array : &lines);
    const char *type = object_text(settings, "content_type");
    const char *header = object_text(settings, "api_key_header");
    if (type != NULL || (is_xsiam && !is_array)) {
        free(options->content_type);
        options->content_type = mem_dup(type == NULL ? "text/plain" : type);
    }
    if (header != NULL || !is_xsiam) {
        free(options->auth_header);
        options->auth_header = mem_dup(header == NULL ? "x-api-key" : header);
    }
    return post_sink_open_take(options, format, sink, err);
}

const struct sink_type sink_http = {
    .name = "http",
    .help = "posts events to a platform over HTTPS; a 2xx answer acknowledges them",
    .is_acknowledged = true,
    .settings = http_settings,
    .shared = post_all_settings,
    .fault = http_fault,
    .open = http_open,
    .send = post_sink_send,
    .close = post_sink_close,
};
