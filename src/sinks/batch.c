#include "sinks/sink.h"

#include "base/mem.h"

#include <stdlib.h>

enum {
    BATCH_LIMIT = 256 << 20
}; /* far above 1,000 events of RECORD_SIZE_MAX's usual size */

void batch_init(struct batch *batch, const char *source)
{
    *batch = (struct batch){.source = source};
    buf_init(&batch->ids, BATCH_LIMIT);
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        buf_init(&batch->bodies[i], BATCH_LIMIT);
    }
}

void batch_clear(struct batch *batch)
{
    free(batch->events);
    buf_clear(&batch->ids);
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        buf_clear(&batch->bodies[i]);
    }
    *batch = (struct batch){0};
}

struct batch_event *batch_add(struct batch *batch)
{
    size_t count = batch->count;
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        size_t room = count == 0 ? 1 : 2 * count;
        batch->events = mem_resize(batch->events, room, sizeof(*batch->events));
    }
    batch->count++;
    batch->events[count] = (struct batch_event){0};
    return &batch->events[count];
}

struct bytes batch_text(const struct batch *batch, const struct batch_event *event,
                        enum event_format format)
{
    return (struct bytes){batch->bodies[format].data + event->text[format].at,
                          event->text[format].size};
}

const char *batch_id(const struct batch *batch, const struct batch_event *event)
{
    return (const char *)batch->ids.data + event->id_at;
}
