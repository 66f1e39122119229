#include "event/own.h"

#include "base/timestamp.h"
#include "event/ecs.h"
#include "event/ocsf.h"

void own_add_text(struct own *own, const struct member *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        writer_name(&own->writer, name);
        writer_text(&own->writer, bytes_of(text));
    }
}

static void write_ecs(struct own *own, const char *time)
{
    const struct event_origin *origin = own->origin;
    const struct record_shape *shape =
        origin->mapping == NULL ? NULL : mapping_shape(origin->mapping);
    own_add_text(own, NAME("", "@timestamp"), time);
    writer_constant(&own->writer, buf_bytes(&origin->head), NAME("event", ""));
    writer_name(&own->writer, NAME("event", "id"));
    writer_text(&own->writer, own->id);
    own_add_text(own, NAME("event", "kind"),
                 own->is_problem ? "pipeline_error" : "event");
    own_add_text(own, NAME("event", "action"), own->action);
    own_add_text(own, NAME("event", "provider"), "auditbridge");
    own_add_text(own, NAME("event", "created"), time);
    own_add_text(own, NAME("cloud", "provider"), shape == NULL ? NULL : shape->cloud);
    own_add_text(own, NAME("cloud.account", "id"), origin->account);
    own_add_text(own, own->is_problem ? NAME("error", "message") : NAME("", "message"),
                 own->message);
}

void own_begin(struct own *own, struct buf *out, size_t expected)
{
    char time[TIMESTAMP_TEXT_SIZE] = "";
    char clf[TIMESTAMP_TEXT_SIZE] = "";
    if (own->time_ms != 0) {
        timestamp_format(own->time_ms, time);
        timestamp_format_clf(own->time_ms, clf);
    }
    writer_begin(&own->writer, out, expected);
    if (event_format_is_ocsf(own->format)) {
        ocsf_write_own(own);
    } else {
        write_ecs(own, time);
    }
    writer_name(&own->writer, NAME("moj", "principles"));
    writer_array_open(&own->writer);
    writer_text(&own->writer, bytes_of("7a"));
    writer_array_close(&own->writer);
    own_add_text(own, NAME("moj", "time_clf"), clf);
}

bool own_end(struct own *own)
{
    ecs_write_tail(&own->writer, own->origin);
    if (event_format_is_ocsf(own->format)) {
        writer_nest_close(&own->writer, &own->nest);
    }
    return writer_end(&own->writer);
}
