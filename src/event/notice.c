#include "event/notice.h"

#include "base/timestamp.h"
#include "event/ecs.h"

#include <inttypes.h>
#include <stdio.h>

enum { EXPECTED_SIZE = 2048 };

static void add_text(struct writer *writer, const struct member *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        writer_name(writer, name);
        writer_text(writer, bytes_of(text));
    }
}

static void add_detail(struct writer *writer, const struct member *name,
                       const json_t *value)
{
    char digits[24];
    if (json_is_string(value)) {
        add_text(writer, name, json_string_value(value));
        return;
    }
    writer_name(writer, name);
    if (json_is_boolean(value)) {
        writer_plain(writer, json_is_true(value) ? "true" : "false");
        return;
    }
    snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)json_integer_value(value));
    writer_plain(writer, digits);
}

/* Members of object, named as the details are. */
static void add_details(struct writer *writer, const char *object, const json_t *details)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)details, key, value)
    {
        const struct member name = {object, key, (uint8_t)strlen(object),
                                    (uint8_t)strlen(key)};
        add_detail(writer, &name, value);
    }
}

bool notice_write(const struct event_origin *origin, const struct notice *notice,
                  struct buf *id, struct buf *out)
{
    const struct record_shape *shape =
        origin->mapping == NULL ? NULL : mapping_shape(origin->mapping);
    char action[64];
    char time[TIMESTAMP_TEXT_SIZE];
    char clf[TIMESTAMP_TEXT_SIZE];
    snprintf(action, sizeof(action), "bridge.%s", notice->kind);
    timestamp_format(notice->time_ms, time);
    timestamp_format_clf(notice->time_ms, clf);
    id->size = 0;
    buf_addf(id, "bridge:%s:%s:%s", origin->source, notice->kind, notice->about);

    struct writer writer;
    writer_begin(&writer, out, EXPECTED_SIZE);
    add_text(&writer, NAME("", "@timestamp"), time);
    writer_constant(&writer, buf_bytes(&origin->head), NAME("event", ""));
    writer_name(&writer, NAME("event", "id"));
    writer_text(&writer, buf_bytes(id));
    add_text(&writer, NAME("event", "kind"),
             notice->is_problem ? "pipeline_error" : "event");
    add_text(&writer, NAME("event", "action"), action);
    add_text(&writer, NAME("event", "provider"), "auditbridge");
    add_text(&writer, NAME("event", "created"), time);
    add_text(&writer, NAME("cloud", "provider"), shape == NULL ? NULL : shape->cloud);
    add_text(&writer, NAME("cloud.account", "id"), origin->account);
    add_text(&writer, notice->is_problem ? NAME("error", "message") : NAME("", "message"),
             notice->message);
    writer_name(&writer, NAME("moj", "principles"));
    writer_array_open(&writer);
    writer_text(&writer, bytes_of("7a"));
    writer_array_close(&writer);
    add_text(&writer, NAME("moj", "time_clf"), clf);
    add_details(&writer, "moj.bridge", notice->details);
    ecs_write_tail(&writer, origin);
    return writer_end(&writer);
}
