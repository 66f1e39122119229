#include "bridge/page.h"

#include "base/log.h"

enum { ID_MAX = 16 << 10 };

void page_reader_clear(struct page_reader *reader)
{
    values_clear(&reader->values);
    match_clear(&reader->match);
    buf_clear(&reader->id);
    *reader = (struct page_reader){0};
}

static void prepare(struct page_reader *reader, const struct mapping *mapping)
{
    if (reader->mapping != mapping) {
        values_clear(&reader->values);
        match_clear(&reader->match);
        values_init(&reader->values, mapping_paths(mapping));
        reader->mapping = mapping;
    }
    reader->id.limit = ID_MAX;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct bytes trim(struct bytes bytes)
{
    while (bytes.size > 0 && is_space(bytes.data[0])) {
        bytes.data++;
        bytes.size--;
    }
    while (bytes.size > 0 && is_space(bytes.data[bytes.size - 1])) {
        bytes.size--;
    }
    return bytes;
}

/* One JSON object and nothing behind it but white space. */
static bool is_record(struct page_reader *reader, struct bytes bytes)
{
    size_t used = 0;
    struct bytes inside = trim(bytes);
    return inside.size > 0 && inside.data[0] == '{' && bytes.size <= RECORD_SIZE_MAX &&
           scan_value(mapping_paths(reader->mapping), inside, &reader->values, &used) ==
               SCAN_DONE &&
           used == inside.size;
}

static bool too_big(const struct source *source, struct error *err)
{
    return error_set(err, ERROR_TOO_BIG, "source %s: a batch outgrew its limit",
                     source->name);
}

/* Closes the text that was appended to body since at. */
static void end_text(struct batch *batch, struct batch_event *event, size_t format,
                     size_t at)
{
    event->text[format].at = at;
    event->text[format].size = batch->bodies[format].size - at;
}

static bool add_id(struct page_reader *reader, struct batch *batch,
                   struct batch_event *event)
{
    event->id_at = batch->ids.size;
    return buf_add_bytes(&batch->ids, buf_bytes(&reader->id)) &&
           buf_add_byte(&batch->ids, '\0');
}

static bool add_event(struct page_reader *reader, struct source *source,
                      const struct record *record, struct batch *batch)
{
    struct batch_event *added = &batch->events[batch->count - 1];
    struct event event = {
        .record = record,
        .match = &reader->match,
        .observed_ms = reader->observed_ms,
        .counted_ms = added->time_ms,
        .id = &reader->id,
    };
    mapping_match(reader->mapping, record, &reader->values, &reader->match);
    reader->id.size = 0;
    event_identify(&source->origin, record, &reader->match, &reader->id, added->id16);
    added->principles = reader->match.principles;

    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        size_t at = batch->bodies[i].size;
        if (source->formats[i] && !event_write((enum event_format)i, &source->origin,
                                               &event, &batch->bodies[i])) {
            return false;
        }
        end_text(batch, added, i, at);
    }
    return add_id(reader, batch, added);
}

static bool add_unreadable(struct page_reader *reader, struct source *source,
                           struct bytes bytes, struct batch *batch)
{
    struct batch_event *added = &batch->events[batch->count - 1];
    const struct event_unreadable unreadable = {
        .bytes = bytes,
        .size = bytes.size,
        .reason = "not a JSON record",
        .observed_ms = reader->observed_ms,
        .counted_ms = added->time_ms,
    };
    uint8_t digest[DIGEST_SIZE];
    added->is_own = true;
    source->counts.unreadable++;
    log_write_take(LOG_WARN, LOG_SOURCE_UNREADABLE, source->name,
                   json_pack("{s:I}", "size", (json_int_t)bytes.size));

    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        size_t at = batch->bodies[i].size;
        reader->id.size = 0;
        if (source->formats[i] &&
            !event_write_unreadable((enum event_format)i, &source->origin, &unreadable,
                                    &reader->id, &batch->bodies[i])) {
            return false;
        }
        end_text(batch, added, i, at);
    }
    digest_sha256(buf_bytes(&reader->id), digest);
    memcpy(added->id16, digest, ID16_SIZE);
    return add_id(reader, batch, added);
}

bool page_map(struct page_reader *reader, struct source *source, const struct page *page,
              struct batch *batch, struct error *err)
{
    prepare(reader, source->origin.mapping);
    for (size_t i = 0; i < page->record_count; i++) {
        const struct record *record = &page->records[i];
        int64_t time_ms = page->record_ms[i];
        batch_add(batch)->time_ms = time_ms == INT64_MIN ? reader->late_ms : time_ms;
        bool added = is_record(reader, record->bytes)
                         ? add_event(reader, source, record, batch)
                         : add_unreadable(reader, source, record->bytes, batch);
        if (!added) {
            return too_big(source, err);
        }
        batch->record_bytes += record->bytes.size;
    }
    source->counts.read += page->record_count;
    meter_read(source, page->record_count);
    return true;
}
