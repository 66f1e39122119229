#include "event/notice.h"

#include "event/own.h"

#include <stdio.h>

enum { EXPECTED_SIZE = 2048 };

static void add_detail(struct own *own, const struct member *name, const json_t *value)
{
    if (json_is_string(value)) {
        own_add_text(own, name, json_string_value(value));
        return;
    }
    writer_name(&own->writer, name);
    if (json_is_boolean(value)) {
        writer_plain(&own->writer, json_is_true(value) ? "true" : "false");
        return;
    }
    writer_number(&own->writer, json_integer_value(value));
}

/* Members of object, named as the details are. */
static void add_details(struct own *own, const char *object, const json_t *details)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)details, key, value)
    {
        const struct member name = {object, key, (uint8_t)strlen(object),
                                    (uint8_t)strlen(key)};
        add_detail(own, &name, value);
    }
}

bool notice_write(enum event_format format, const struct event_origin *origin,
                  const struct notice *notice, struct buf *id, struct buf *out)
{
    char action[64];
    snprintf(action, sizeof(action), "bridge.%s", notice->kind);
    id->size = 0;
    buf_addf(id, "bridge:%s:%s:%s", origin->source, notice->kind, notice->about);

    struct own own = {
        .format = format,
        .origin = origin,
        .id = buf_bytes(id),
        .action = action,
        .message = notice->message,
        .is_problem = notice->is_problem,
        .time_ms = notice->time_ms,
    };
    own_begin(&own, out, EXPECTED_SIZE);
    add_details(&own, "moj.bridge", notice->details);
    return own_end(&own);
}
