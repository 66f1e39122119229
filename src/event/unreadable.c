#include "base/timestamp.h"
#include "event/ecs.h"

#include <inttypes.h>
#include <stdio.h>

enum { HEAD_MAX = 4096 };

static void add_text(struct writer *writer, const struct member *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        writer_name(writer, name);
        writer_text(writer, bytes_of(text));
    }
}

static void add_number(struct writer *writer, const struct member *name, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRIu64, number);
    writer_name(writer, name);
    writer_plain(writer, digits);
}

/* What was set aside, under moj.unreadable. */
static void add_bytes(struct writer *writer, const struct event_origin *origin,
                      const struct event_unreadable *unreadable, const char *hex)
{
    struct bytes head = unreadable->bytes;
    add_text(writer, NAME("moj.unreadable", "reason"), unreadable->reason);
    add_number(writer, NAME("moj.unreadable", "offset"), unreadable->offset);
    add_number(writer, NAME("moj.unreadable", "size"), unreadable->size);
    add_text(writer, NAME("moj.unreadable", "sha256"), hex);
    if (unreadable->size > head.size) { /* more than the window held: it was let go */
        add_number(writer, NAME("moj.unreadable", "hashed_size"), head.size);
    }
    if (origin->redact == NULL && head.size > 0) {
        head.size = head.size > HEAD_MAX ? HEAD_MAX : head.size;
        writer_name(writer, NAME("moj.unreadable", "head"));
        writer_base64(writer, head);
    }
}

bool event_write_unreadable(const struct event_origin *origin,
                            const struct event_unreadable *unreadable, struct buf *id,
                            struct buf *out)
{
    const struct record_shape *shape = mapping_shape(origin->mapping);
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(unreadable->bytes, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    id->size = 0;
    buf_add_text(id, "sha256:");
    buf_add_text(id, hex);

    char time[TIMESTAMP_TEXT_SIZE] = "";
    char clf[TIMESTAMP_TEXT_SIZE] = "";
    if (unreadable->observed_ms != 0) {
        timestamp_format(unreadable->observed_ms, time);
        timestamp_format_clf(unreadable->observed_ms, clf);
    }

    struct writer writer;
    writer_begin(&writer, out, (size_t)2 * HEAD_MAX);
    add_text(&writer, NAME("", "@timestamp"), time);
    writer_constant(&writer, buf_bytes(&origin->head), NAME("event", ""));
    writer_name(&writer, NAME("event", "id"));
    writer_text(&writer, buf_bytes(id));
    add_text(&writer, NAME("event", "kind"), "pipeline_error");
    add_text(&writer, NAME("event", "action"), "bridge.unreadable");
    add_text(&writer, NAME("event", "provider"), "auditbridge");
    add_text(&writer, NAME("event", "created"), time);
    add_text(&writer, NAME("cloud", "provider"), shape->cloud);
    add_text(&writer, NAME("cloud.account", "id"), origin->account);
    add_text(&writer, NAME("error", "message"), unreadable->reason);
    writer_name(&writer, NAME("moj", "principles"));
    writer_array_open(&writer);
    writer_text(&writer, bytes_of("7a"));
    writer_array_close(&writer);
    add_text(&writer, NAME("moj", "time_clf"), clf);
    ecs_write_counted(&writer, unreadable->counted_ms, unreadable->observed_ms);
    add_bytes(&writer, origin, unreadable, hex);
    ecs_write_tail(&writer, origin);
    return writer_end(&writer);
}
