#include "commands/state_document.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_VERSION = 1 };

static bool read_time(const json_t *value, int64_t *ms)
{
    const char *text = json_string_value(value);
    return text != NULL && timestamp_parse(bytes_of(text), ms);
}

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)(found - digits);
}

static bool read_sum(const json_t *value, uint8_t sum[ID16_SIZE])
{
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != (size_t)2 * ID16_SIZE) {
        return false;
    }
    for (size_t i = 0; i < ID16_SIZE; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        sum[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* An hour of the ledger: [time, delivered, delay_max_ms, id sum]. */
static bool read_hour(const json_t *value, struct store_hour *hour)
{
    int64_t ms = 0;
    const json_t *delivered = json_array_get(value, 1);
    const json_t *delay = json_array_get(value, 2);
    if (!read_time(json_array_get(value, 0), &ms) || ms % MS_PER_HOUR != 0 ||
        json_integer_value(delivered) <= 0 || !json_is_integer(delay)) {
        return false;
    }
    hour->hour = ms / MS_PER_HOUR;
    hour->delivered = json_integer_value(delivered);
    hour->delay_max_ms = json_integer_value(delay);
    return read_sum(json_array_get(value, 3), hour->id_sum);
}

static bool read_ledger(const json_t *ledger, struct store_evidence *evidence)
{
    size_t count = json_array_size(ledger);
    evidence->hours = mem_new(count, sizeof(*evidence->hours));
    for (size_t i = 0; i < count; i++) {
        if (!read_hour(json_array_get(ledger, i), &evidence->hours[i])) {
            return false;
        }
        evidence->hour_count++;
    }
    return json_is_array(ledger);
}

static bool read_gaps(const json_t *gaps, struct store_evidence *evidence)
{
    size_t count = json_array_size(gaps);
    evidence->gaps = mem_new(count, sizeof(*evidence->gaps));
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(gaps, i);
        struct store_gap *gap = &evidence->gaps[i];
        const char *reason = json_string_value(json_object_get(value, "reason"));
        if (!read_time(json_object_get(value, "from"), &gap->from_ms) ||
            !read_time(json_object_get(value, "to"), &gap->to_ms) || reason == NULL ||
            gap->from_ms > gap->to_ms) {
            return false;
        }
        gap->reason = mem_dup(reason);
        evidence->gap_count++;
    }
    return json_is_array(gaps);
}

/* Marks fall from the first pass to the last, and none is before the start. */
static bool read_marks(const json_t *object, struct state_entry *entry)
{
    struct cursor *cursor = &entry->cursor;
    const json_t *marks = json_object_get(object, "marks");
    entry->mark_count = json_array_size(marks);
    if (!read_time(json_object_get(object, "start"), &cursor->start_ms) ||
        entry->mark_count == 0 || entry->mark_count > SLICE_PASSES) {
        return false;
    }
    for (size_t i = 0; i < SLICE_PASSES; i++) {
        size_t last = entry->mark_count - 1;
        int64_t *mark = &cursor->mark_ms[i];
        if (!read_time(json_array_get(marks, i < last ? i : last), mark) ||
            *mark < cursor->start_ms || (i > 0 && *mark > cursor->mark_ms[i - 1])) {
            return false;
        }
    }
    return true;
}

static bool read_entry(const json_t *object, struct state_entry *entry)
{
    const json_t *span = json_object_get(object, "span_ms");
    json_t *place = json_object_get(object, "place");
    entry->name = json_string_value(json_object_get(object, "name"));
    if (entry->name == NULL || !json_is_integer(span) || json_integer_value(span) < 0 ||
        !read_marks(object, entry)) {
        return false;
    }
    entry->cursor.span_ms = json_integer_value(span);
    entry->cursor.place = place == NULL || json_is_null(place) ? NULL : place;
    return read_ledger(json_object_get(object, "ledger"), &entry->evidence) &&
           read_gaps(json_object_get(object, "gaps"), &entry->evidence);
}

bool state_document_read(const char *file, struct state_document *document,
                         struct error *err)
{
    json_error_t wrong;
    *document = (struct state_document){0};
    document->json = strcmp(file, "-") == 0
                         ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &wrong)
                         : json_load_file(file, JSON_REJECT_DUPLICATES, &wrong);
    if (document->json == NULL) {
        return error_set(err, ERROR_CONFIG, "%s:%d:%d: %s", file, wrong.line,
                         wrong.column, wrong.text);
    }
    const json_t *version = json_object_get(document->json, "auditbridge_state");
    const json_t *sources = json_object_get(document->json, "sources");
    if (!json_is_integer(version) || !json_is_array(sources)) {
        return error_set(err, ERROR_CONFIG,
                         "%s: is not what `auditbridge state export` writes", file);
    }
    if (json_integer_value(version) != DOCUMENT_VERSION) {
        return error_set(err, ERROR_CONFIG,
                         "%s: is version %lld of the document, and this program knows "
                         "version %d; use the program that wrote it",
                         file, (long long)json_integer_value(version), DOCUMENT_VERSION);
    }
    size_t count = json_array_size(sources);
    document->entries = mem_new(count, sizeof(*document->entries));
    for (size_t i = 0; i < count; i++) {
        document->count++;
        if (!read_entry(json_array_get(sources, i), &document->entries[i])) {
            const char *name = document->entries[i].name;
            return error_set(
                err, ERROR_CONFIG,
                "%s: source %zu (%s) is damaged; nothing was changed: export "
                "again",
                file, i + 1, name == NULL ? "without a name" : name);
        }
    }
    return true;
}

void state_document_clear(struct state_document *document)
{
    for (size_t i = 0; i < document->count; i++) {
        store_evidence_clear(&document->entries[i].evidence);
    }
    free(document->entries);
    json_decref(document->json);
    *document = (struct state_document){0};
}
