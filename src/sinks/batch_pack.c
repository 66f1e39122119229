#include "sinks/batch_pack.h"

#include <string.h>

/*
 * "ABB1", events, bytes of ids, formats, bytes of each body; the events; ids; bodies.
 * An event: id16, id_at, time_ms, principles, is_own, and where each text is.
 */
static const char magic[4] = {'A', 'B', 'B', '1'};

enum { SIZE_BYTES = 4, TIME_BYTES = 8, OWN_BYTES = 1 };

static void put(struct buf *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        buf_add_byte(out, (uint8_t)(number >> (8 * i)));
    }
}

void batch_pack(const struct batch *batch, struct buf *out)
{
    buf_add(out, magic, sizeof(magic));
    put(out, batch->count, SIZE_BYTES);
    put(out, batch->ids.size, SIZE_BYTES);
    put(out, FORMAT_COUNT, SIZE_BYTES);
    for (size_t format = 0; format < FORMAT_COUNT; format++) {
        put(out, batch->bodies[format].size, SIZE_BYTES);
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];
        buf_add(out, event->id16, sizeof(event->id16));
        put(out, event->id_at, SIZE_BYTES);
        put(out, (uint64_t)event->time_ms, TIME_BYTES);
        put(out, event->principles, SIZE_BYTES);
        put(out, event->is_own, OWN_BYTES);
        for (size_t format = 0; format < FORMAT_COUNT; format++) {
            put(out, event->text[format].at, SIZE_BYTES);
            put(out, event->text[format].size, SIZE_BYTES);
        }
    }
    buf_add_bytes(out, buf_bytes(&batch->ids));
    for (size_t format = 0; format < FORMAT_COUNT; format++) {
        buf_add_bytes(out, buf_bytes(&batch->bodies[format]));
    }
}

/* What is left to read; is_short once more was wanted than there was. */
struct unpacking {
    struct bytes left;
    bool is_short;
};

static struct bytes take(struct unpacking *from, size_t size)
{
    if (size > from->left.size) {
        from->is_short = true;
        from->left.size = 0;
        return (struct bytes){0};
    }
    struct bytes taken = {from->left.data, size};
    from->left.data += size;
    from->left.size -= size;
    return taken;
}

static uint64_t get(struct unpacking *from, size_t bytes)
{
    struct bytes taken = take(from, bytes);
    uint64_t number = 0;
    for (size_t i = 0; i < taken.size; i++) {
        number |= (uint64_t)taken.data[i] << (8 * i);
    }
    return number;
}

struct head {
    size_t count;
    size_t ids_size;
    size_t formats; /* an earlier version may have had fewer */
    size_t sizes[FORMAT_COUNT];
};

static bool read_head(struct unpacking *from, struct head *head)
{
    struct bytes word = take(from, sizeof(magic));
    head->count = get(from, SIZE_BYTES);
    head->ids_size = get(from, SIZE_BYTES);
    head->formats = get(from, SIZE_BYTES);
    if (word.size != sizeof(magic) || memcmp(word.data, magic, sizeof(magic)) != 0 ||
        head->formats > FORMAT_COUNT) {
        return false;
    }
    for (size_t format = 0; format < head->formats; format++) {
        head->sizes[format] = get(from, SIZE_BYTES);
    }
    return true;
}

/* False when a text or the id would lie outside of what there is. */
static bool read_event(struct unpacking *from, const struct head *head,
                       struct batch_event *event)
{
    struct bytes id16 = take(from, sizeof(event->id16));
    if (id16.size != sizeof(event->id16)) {
        return false;
    }
    memcpy(event->id16, id16.data, sizeof(event->id16));
    event->id_at = get(from, SIZE_BYTES);
    event->time_ms = (int64_t)get(from, TIME_BYTES);
    event->principles = (uint32_t)get(from, SIZE_BYTES);
    event->is_own = get(from, OWN_BYTES) != 0;
    bool fits = event->id_at < head->ids_size;
    for (size_t format = 0; format < head->formats; format++) {
        event->text[format].at = get(from, SIZE_BYTES);
        event->text[format].size = get(from, SIZE_BYTES);
        fits = fits && event->text[format].at <= head->sizes[format] &&
               event->text[format].size <= head->sizes[format] - event->text[format].at;
    }
    return fits;
}

bool batch_unpack(struct bytes bytes, struct batch *batch)
{
    struct unpacking from = {.left = bytes};
    struct head head = {0};
    bool ok = read_head(&from, &head);
    for (size_t i = 0; ok && i < head.count; i++) {
        ok = read_event(&from, &head, batch_add(batch));
    }
    buf_add_bytes(&batch->ids, take(&from, head.ids_size));
    for (size_t format = 0; format < head.formats && ok; format++) {
        buf_add_bytes(&batch->bodies[format], take(&from, head.sizes[format]));
    }
    bool is_ended = batch->ids.size > 0 && batch->ids.data[batch->ids.size - 1] == '\0';
    return ok && !from.is_short && from.left.size == 0 && (is_ended || head.count == 0);
}
