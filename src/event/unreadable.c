#include "event/ecs.h"
#include "event/own.h"

enum { HEAD_MAX = 4096 };

static void add_number(struct own *own, const struct member *name, uint64_t number)
{
    writer_name(&own->writer, name);
    writer_number(&own->writer, (int64_t)number);
}

/* What was set aside, under moj.unreadable. */
static void add_bytes(struct own *own, const struct event_unreadable *unreadable,
                      const char *hex)
{
    struct bytes head = unreadable->bytes;
    own_add_text(own, NAME("moj.unreadable", "reason"), unreadable->reason);
    add_number(own, NAME("moj.unreadable", "offset"), unreadable->offset);
    add_number(own, NAME("moj.unreadable", "size"), unreadable->size);
    own_add_text(own, NAME("moj.unreadable", "sha256"), hex);
    if (unreadable->size > head.size) { /* more than the window held: it was let go */
        add_number(own, NAME("moj.unreadable", "hashed_size"), head.size);
    }
    if (own->origin->redact == NULL && head.size > 0) {
        head.size = head.size > HEAD_MAX ? HEAD_MAX : head.size;
        writer_name(&own->writer, NAME("moj.unreadable", "head"));
        writer_base64(&own->writer, head);
    }
}

bool event_write_unreadable(enum event_format format, const struct event_origin *origin,
                            const struct event_unreadable *unreadable, struct buf *id,
                            struct buf *out)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(unreadable->bytes, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    id->size = 0;
    buf_add_text(id, "sha256:");
    buf_add_text(id, hex);

    struct own own = {
        .format = format,
        .origin = origin,
        .id = buf_bytes(id),
        .action = "bridge.unreadable",
        .message = unreadable->reason,
        .is_problem = true,
        .time_ms = unreadable->observed_ms,
    };
    own_begin(&own, out, (size_t)2 * HEAD_MAX);
    ecs_write_counted(&own.writer, unreadable->counted_ms, unreadable->observed_ms);
    add_bytes(&own, unreadable, hex);
    return own_end(&own);
}
