#include "record/answer.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "provider.h"
#include "record/broken.h"
#include "record/envelope.h"
#include "record/skip.h"
#include "record/walk.h"

#include <stdlib.h>
#include <string.h>

struct answer {
    const struct record_shape *shape;
    struct reader reader;
    struct paths *paths; /* the record's time */
    struct values values;
    struct page *page;
    struct answer_text *texts;
    size_t text_count;
    bool has_array;
};

/* What a string value says; the caller's. */
static char *text_of(const struct value *value)
{
    struct buf text;
    buf_init(&text, value->size);
    scan_unescape((struct bytes){value->data, value->size}, &text);
    char *copy = mem_dup_bytes(buf_text(&text), text.size);
    buf_clear(&text);
    return copy;
}

/* The time of the record that was scanned last. */
static int64_t time_of(const struct answer *answer)
{
    int64_t ms = INT64_MIN;
    if (answer->values.slots == 0) {
        return ms;
    }
    const struct value *value = values_at(&answer->values, 0);
    if (value->type == VALUE_STRING) {
        char *text = text_of(value); /* .NET writes a '+' as \u002B */
        if (!timestamp_parse(bytes_of(text), &ms)) {
            ms = INT64_MIN;
        }
        free(text);
    }
    return ms;
}

static void add_record(struct answer *answer, struct bytes bytes, struct bytes context,
                       int64_t ms)
{
    page_add(answer->page, &(struct record){bytes, context}, ms);
}

/* Adds the record in the envelope that was scanned. False when it holds none. */
static bool add_enveloped(struct answer *answer, const struct envelope *envelope)
{
    struct bytes inside = envelope_string(envelope);
    if (inside.size == 0) {
        return false;
    }
    struct buf *decoded = &answer->page->decoded;
    size_t start = decoded->size;
    scan_unescape(inside, decoded);
    struct bytes text = {decoded->data + start, decoded->size - start};
    memset(decoded->data + decoded->size, 0, BUF_PADDING);

    size_t used = 0;
    enum scan_status status = scan_value(answer->paths, text, &answer->values, &used);
    add_record(answer, text, envelope_context(envelope),
               status == SCAN_DONE ? time_of(answer) : INT64_MIN);
    return true;
}

/* What is no JSON, added as it is. NULL where the answer is cut off in it. */
static const uint8_t *add_broken(struct answer *answer, const uint8_t *at)
{
    struct broken broken = {.end = BROKEN_ELEMENT};
    struct bytes rest = {at, (size_t)(answer->reader.end - at)};
    size_t used = 0;
    if (!broken_follow(&broken, rest, &used) || broken.is_torn || used == 0) {
        return NULL;
    }
    add_record(answer, (struct bytes){at, used}, (struct bytes){0}, INT64_MIN);
    return at + used;
}

/* One element. Returns its end, or NULL where the answer is cut off in it. */
static const uint8_t *read_element(struct answer *answer, struct envelope *envelope,
                                   const uint8_t *at)
{
    if (at >= answer->reader.end) {
        return NULL;
    }
    bool is_plain = envelope->paths == NULL;
    const struct paths *paths = is_plain ? answer->paths : envelope->paths;
    struct values *values = is_plain ? &answer->values : &envelope->values;
    struct bytes rest = {at, (size_t)(answer->reader.end - at)};
    size_t used = 0;
    if (scan_value(paths, rest, values, &used) != SCAN_DONE) {
        return add_broken(answer, at);
    }
    if (is_plain || !add_enveloped(answer, envelope)) {
        add_record(answer, (struct bytes){at, used}, (struct bytes){0},
                   is_plain ? time_of(answer) : INT64_MIN);
    }
    return at + used;
}

/* The elements, from behind the array's bracket to behind its other one. */
static const uint8_t *read_elements(struct answer *answer, struct envelope *envelope,
                                    const uint8_t *at)
{
    struct reader *reader = &answer->reader;
    at = token_space(reader, at);
    if (*at == ']' && at < reader->end) {
        return at + 1;
    }
    for (;;) {
        at = read_element(answer, envelope, at);
        if (at == NULL) {
            return NULL;
        }
        at = token_space(reader, at);
        if (*at != ',') {
            break;
        }
        at = token_space(reader, at + 1);
    }
    return *at == ']' && at < reader->end ? at + 1 : NULL;
}

static const uint8_t *read_array(struct answer *answer,
                                 const struct record_wrapper *wrapper, const uint8_t *at)
{
    struct envelope envelope;
    envelope_init(&envelope, wrapper);
    answer->has_array = true;
    const uint8_t *end = read_elements(answer, &envelope, at + 1);
    envelope_clear(&envelope);
    return end;
}

static void keep_text(struct answer *answer, struct bytes key, const uint8_t *at,
                      const uint8_t *end)
{
    for (size_t i = 0; *at == '"' && i < answer->text_count; i++) {
        struct answer_text *wanted = &answer->texts[i];
        if (wanted->text == NULL && bytes_equal(bytes_of(wanted->key), key)) {
            struct value value = {.data = at + 1, .size = (uint32_t)(end - at) - 2};
            wanted->text = text_of(&value);
        }
    }
}

/* The value of a member, at at. Returns its end. */
static const uint8_t *read_member(struct answer *answer, struct bytes key,
                                  const uint8_t *at)
{
    const struct record_wrapper *wrapper =
        walk_find_wrapper(answer->shape->wrappers, key);
    if (wrapper != NULL && at < answer->reader.end && *at == '[') {
        return read_array(answer, wrapper, at);
    }
    const uint8_t *end = skip_value(&answer->reader, at, 1);
    if (end != NULL) {
        keep_text(answer, key, at, end);
    }
    return end;
}

/* The members, from behind the answer's bracket to behind its other one. */
static const uint8_t *read_members(struct answer *answer, const uint8_t *at)
{
    struct reader *reader = &answer->reader;
    at = token_space(reader, at);
    if (*at == '}' && at < reader->end) {
        return at + 1;
    }
    for (;;) {
        struct bytes key = {0};
        bool is_escaped = false;
        at = skip_key(reader, at, &key, &is_escaped);
        at = at == NULL ? NULL : read_member(answer, key, at);
        if (at == NULL) {
            return NULL;
        }
        at = token_space(reader, at);
        if (*at != ',') {
            break;
        }
        at = token_space(reader, at + 1);
    }
    return *at == '}' && at < reader->end ? at + 1 : NULL;
}

/* Reads all of the body. False with why when it is no answer. */
static bool read_body(struct answer *answer, struct error *err)
{
    struct bytes body = buf_bytes(&answer->page->body);
    const uint8_t *end = body.size == 0 ? body.data : body.data + body.size;
    const uint8_t *at = body.data;
    answer->reader = (struct reader){.end = end};
    at = body.size == 0 ? end : token_space(&answer->reader, at);
    if (at >= end || *at != '{') {
        return error_set(err, ERROR_DATA, "the answer is not a JSON object");
    }
    at = read_members(answer, at + 1);
    if (at == NULL || token_spaces(&answer->reader, at) != end) {
        return error_set(err, ERROR_DATA, "the answer is cut off or not JSON");
    }
    return answer->has_array ||
           error_set(err, ERROR_DATA, "the answer has no array of records");
}

/* Wants the record's time, as an API's answer spells it: that comes first. */
static bool want_time(struct answer *answer, struct error *err)
{
    const struct record_shape *shape = answer->shape;
    const char *path = shape->slice_path == NULL ? shape->time_path : shape->slice_path;
    if (path == NULL) {
        return true;
    }
    size_t slot = 0;
    char *spelling = mem_dup_bytes(path, strcspn(path, "|"));
    bool ok = paths_add(answer->paths, spelling, &slot, err);
    free(spelling);
    return ok;
}

bool answer_split(const struct record_shape *shape, struct answer_text *texts,
                  size_t text_count, struct page *page, struct error *err)
{
    size_t record_count = page->record_count;
    struct answer answer = {.shape = shape,
                            .paths = paths_new(),
                            .page = page,
                            .texts = texts,
                            .text_count = text_count};
    for (size_t i = 0; i < text_count; i++) {
        texts[i].text = NULL;
    }
    bool ok = want_time(&answer, err);
    paths_seal(answer.paths);
    values_init(&answer.values, answer.paths);
    /* Unescaped text is never longer: with this room the records do not move. */
    buf_clear(&page->decoded);
    buf_init(&page->decoded, page->body.size);
    buf_reserve(&page->decoded, page->body.size);

    ok = ok && read_body(&answer, err);
    if (!ok) {
        page->record_count = record_count;
        for (size_t i = 0; i < text_count; i++) {
            free(texts[i].text);
            texts[i].text = NULL;
        }
    }
    values_clear(&answer.values);
    paths_free(answer.paths);
    return ok;
}
