#include "record/envelope.h"

#include "base/mem.h"
#include "record/token.h"

#include <stdlib.h>

const char record_no_json[] = "it is not JSON, or more than 64 levels deep";
const char record_cut_off[] = "it is cut off";
const char record_too_long[] = "it is longer than 4 MiB";
const char record_no_object[] = "it is not an object";
const char record_no_record[] = "its envelope holds no record";

/* A path that is one key. */
static size_t add_key(struct paths *paths, const char *key)
{
    size_t slot = 0;
    char *text = mem_format("\"%s\"", key);
    paths_add(paths, text, &slot, NULL);
    free(text);
    return slot;
}

void envelope_init(struct envelope *envelope, const struct record_wrapper *wrapper)
{
    *envelope = (struct envelope){.context_slot = SIZE_MAX};
    if (wrapper->string_key == NULL) {
        return;
    }
    envelope->paths = paths_new();
    envelope->string_slot = add_key(envelope->paths, wrapper->string_key);
    if (wrapper->context_key != NULL) {
        envelope->context_slot = add_key(envelope->paths, wrapper->context_key);
    }
    paths_seal(envelope->paths);
    values_init(&envelope->values, envelope->paths);
}

void envelope_clear(struct envelope *envelope)
{
    paths_free(envelope->paths);
    values_clear(&envelope->values);
    *envelope = (struct envelope){0};
}

struct bytes envelope_string(const struct envelope *envelope)
{
    const struct value *string = values_at(&envelope->values, envelope->string_slot);
    return (struct bytes){string->data, string->type == VALUE_STRING ? string->size : 0};
}

struct bytes envelope_context(const struct envelope *envelope)
{
    if (envelope->context_slot == SIZE_MAX) {
        return (struct bytes){0};
    }
    const struct value *context = values_at(&envelope->values, envelope->context_slot);
    return (struct bytes){context->data, context->size};
}

/* The text of the element's string, with padding behind it. */
static struct bytes decode(struct bytes string, struct buf *decoded)
{
    decoded->size = 0;
    scan_unescape(string, decoded);
    buf_add(decoded, (uint8_t[BUF_PADDING]){0}, BUF_PADDING);
    decoded->size -= BUF_PADDING;
    return buf_bytes(decoded);
}

const char *envelope_open(const struct envelope *envelope, const struct paths *paths,
                          struct values *values, struct buf *decoded,
                          struct record *record)
{
    struct bytes string = envelope_string(envelope);
    if (string.size == 0) {
        return record_no_record;
    }
    struct bytes text = decode(string, decoded);
    struct reader reader = {.end = text.data + text.size};
    const uint8_t *start = token_space(&reader, text.data);
    size_t used = 0;
    enum scan_status status = scan_value(
        paths, (struct bytes){start, (size_t)(reader.end - start)}, values, &used);
    if (status != SCAN_DONE || token_spaces(&reader, start + used) != reader.end) {
        return record_no_json;
    }
    if (*start != '{') {
        return record_no_object;
    }
    *record = (struct record){{start, used}, envelope_context(envelope)};
    return NULL;
}
