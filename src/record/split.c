#include "record/split.h"

#include "base/mem.h"
#include "record/envelope.h"
#include "record/skip.h"
#include "record/walk.h"
#include "record/window.h"

#include <stdlib.h>

/* Where the splitter stands in the input. */
enum place {
    PLACE_START,   /* before the first byte */
    PLACE_TOP,     /* between documents */
    PLACE_FIRST,   /* behind an array's bracket */
    PLACE_ELEMENT, /* behind a comma in an array */
    PLACE_AFTER,   /* behind an element */
    PLACE_MEMBER,  /* behind the wrapper's array or a later member */
    PLACE_END,
};

struct splitter {
    const struct record_shape *shape;
    const struct paths *paths; /* own_paths when the caller gave none */
    struct paths *own_paths;
    struct values values;
    struct envelope envelopes[RECORD_WRAPPERS];
    struct envelope *envelope; /* of the array it is in; NULL: plain elements */
    bool in_object;            /* the array is a document's member */
    enum place place;
    struct window window;
    struct buf decoded;
};

enum step {
    STEP_ON, /* nothing to return yet */
    STEP_ITEM,
    STEP_END,
};

struct splitter *splitter_new(const struct record_shape *shape, const struct paths *paths)
{
    struct splitter *splitter = mem_new(1, sizeof(*splitter));
    splitter->shape = shape;
    splitter->paths = paths;
    if (paths == NULL) {
        splitter->own_paths = paths_new();
        paths_seal(splitter->own_paths);
        splitter->paths = splitter->own_paths;
    }
    values_init(&splitter->values, splitter->paths);
    for (size_t i = 0; i < RECORD_WRAPPERS; i++) {
        envelope_init(&splitter->envelopes[i], &shape->wrappers[i]);
    }
    buf_init(&splitter->decoded, SIZE_MAX / 2);
    splitter->place = PLACE_END;
    return splitter;
}

void splitter_free(struct splitter *splitter)
{
    if (splitter == NULL) {
        return;
    }
    for (size_t i = 0; i < RECORD_WRAPPERS; i++) {
        envelope_clear(&splitter->envelopes[i]);
    }
    values_clear(&splitter->values);
    paths_free(splitter->own_paths);
    window_clear(&splitter->window);
    buf_clear(&splitter->decoded);
    free(splitter);
}

void splitter_start(struct splitter *splitter, struct inflate *stream)
{
    window_start(&splitter->window, stream);
    splitter->place = PLACE_START;
}

void splitter_start_bytes(struct splitter *splitter, struct bytes body)
{
    window_start_bytes(&splitter->window, body);
    splitter->place = PLACE_START;
}

/* Gives the next size bytes as they are. */
static enum step give(struct splitter *splitter, struct split_item *item, size_t size,
                      const char *reason)
{
    item->record = (struct record){.bytes = {window_rest(&splitter->window).data, size}};
    item->offset = window_offset(&splitter->window);
    item->size = size;
    item->reason = reason;
    splitter->window.at += size;
    return STEP_ITEM;
}

/* Gives everything up to end, however long that is, as unreadable. */
static enum step set_aside(struct splitter *splitter, struct split_item *item,
                           enum broken_end end, const char *reason)
{
    struct broken broken = {.end = end};
    struct bytes shown = {0};
    item->offset = window_offset(&splitter->window);
    if (!window_pass(&splitter->window, &broken, &shown, &item->size) || broken.is_torn) {
        splitter->place = PLACE_TOP;
    }
    item->record = (struct record){.bytes = shown};
    item->reason = reason;
    return STEP_ITEM;
}

/* The input ends where more must follow. */
static enum step end_early(struct splitter *splitter, struct split_item *item)
{
    splitter->place = PLACE_TOP;
    return splitter->window.has_failed ? STEP_ON
                                       : give(splitter, item, 0, record_cut_off);
}

/*
 * Scans the value that begins the rest, with as much of the stream as it takes. A
 * number at the end of the window may go on behind it.
 */
static enum scan_status scan_rest(struct splitter *splitter, const struct paths *paths,
                                  struct values *values, struct document *document,
                                  size_t *used)
{
    for (;;) {
        struct bytes rest = window_rest(&splitter->window);
        enum scan_status status = walk_document(paths, rest, values, document, used);
        bool is_open = status == SCAN_SHORT ||
                       (status == SCAN_DONE && *used == rest.size && *rest.data != '{');
        if (!is_open || rest.size > RECORD_SIZE_MAX || !window_more(&splitter->window)) {
            return status;
        }
    }
}

/* Gives the value of size bytes that was scanned. */
static enum step give_value(struct splitter *splitter, struct split_item *item,
                            size_t size)
{
    const char *reason = NULL;
    if (*window_rest(&splitter->window).data != '{') {
        reason = record_no_object;
    } else if (size > RECORD_SIZE_MAX) {
        reason = record_too_long;
    }
    return give(splitter, item, size, reason);
}

static void enter_array(struct splitter *splitter, const struct record_wrapper *wrapper,
                        size_t used)
{
    struct envelope *envelope = &splitter->envelopes[wrapper - splitter->shape->wrappers];
    splitter->envelope = envelope->paths == NULL ? NULL : envelope;
    splitter->in_object = true;
    splitter->place = PLACE_FIRST;
    splitter->window.at += used;
}

/* A document that was good up to its byte bad, or is too long. */
static enum step set_document_aside(struct splitter *splitter, struct split_item *item,
                                    enum scan_status status, size_t bad)
{
    struct bytes rest = window_rest(&splitter->window);
    if (status == SCAN_SHORT && rest.size > RECORD_SIZE_MAX) {
        return set_aside(splitter, item,
                         *rest.data == '{' ? BROKEN_BRACKETS : BROKEN_LINE,
                         record_too_long);
    }
    if (status == SCAN_SHORT && splitter->window.has_failed) {
        return STEP_END;
    }
    /* On its first line it is a line of NDJSON, else a document over many lines. */
    size_t before = bad < rest.size ? bad : rest.size;
    bool has_lines = memchr(rest.data, '\n', before) != NULL;
    return set_aside(splitter, item, has_lines ? BROKEN_DOCUMENT : BROKEN_LINE,
                     status == SCAN_BAD ? record_no_json : record_cut_off);
}

static enum step next_document(struct splitter *splitter, struct split_item *item)
{
    if (!window_pass_space(&splitter->window)) {
        return STEP_END;
    }
    if (*window_rest(&splitter->window).data == '[') {
        splitter->envelope = NULL;
        splitter->in_object = false;
        splitter->place = PLACE_FIRST;
        splitter->window.at++;
        return STEP_ON;
    }
    struct document document = {.wrappers = splitter->shape->wrappers};
    size_t used = 0;
    enum scan_status status =
        scan_rest(splitter, splitter->paths, &splitter->values, &document, &used);
    if (status != SCAN_DONE) {
        return set_document_aside(splitter, item, status, document.bad);
    }
    if (document.found != NULL) {
        enter_array(splitter, document.found, used);
        return STEP_ON;
    }
    return give_value(splitter, item, used);
}

/* Gives the record in the envelope of size bytes that was scanned. */
static enum step give_envelope(struct splitter *splitter, struct split_item *item,
                               size_t size)
{
    struct record record = {0};
    const char *reason = envelope_open(splitter->envelope, splitter->paths,
                                       &splitter->values, &splitter->decoded, &record);
    reason = reason == NULL && size > RECORD_SIZE_MAX ? record_too_long : reason;
    give(splitter, item, size, reason);
    item->record = reason == NULL ? record : item->record;
    return STEP_ITEM;
}

static void leave_array(struct splitter *splitter)
{
    splitter->place = splitter->in_object ? PLACE_MEMBER : PLACE_TOP;
    splitter->window.at++;
}

static enum step next_element(struct splitter *splitter, struct split_item *item)
{
    if (!window_pass_space(&splitter->window)) {
        return end_early(splitter, item);
    }
    if (splitter->place == PLACE_FIRST && *window_rest(&splitter->window).data == ']') {
        leave_array(splitter);
        return STEP_ON;
    }
    struct envelope *envelope = splitter->envelope;
    const struct paths *paths = envelope == NULL ? splitter->paths : envelope->paths;
    struct values *values = envelope == NULL ? &splitter->values : &envelope->values;
    size_t used = 0;
    splitter->place = PLACE_AFTER;
    enum scan_status status = scan_rest(splitter, paths, values, NULL, &used);
    if (status == SCAN_DONE) {
        return envelope == NULL ? give_value(splitter, item, used)
                                : give_envelope(splitter, item, used);
    }
    bool is_long = window_rest(&splitter->window).size > RECORD_SIZE_MAX;
    if (status == SCAN_BAD) {
        return set_aside(splitter, item, BROKEN_ELEMENT, record_no_json);
    }
    if (!is_long && splitter->window.has_failed) {
        return STEP_END;
    }
    return set_aside(splitter, item, BROKEN_ELEMENT,
                     is_long ? record_too_long : record_cut_off);
}

static enum step after_element(struct splitter *splitter, struct split_item *item)
{
    if (!window_pass_space(&splitter->window)) {
        return end_early(splitter, item);
    }
    switch (*window_rest(&splitter->window).data) {
    case ',':
        splitter->place = PLACE_ELEMENT;
        splitter->window.at++;
        return STEP_ON;
    case ']':
        leave_array(splitter);
        return STEP_ON;
    default:
        splitter->place = PLACE_TOP;
        return set_aside(splitter, item, BROKEN_DOCUMENT, record_no_json);
    }
}

/* A member of a wrapped document, from its comma to behind its value. */
struct member {
    enum scan_status status;
    const struct record_wrapper *wrapper; /* the value is its array: to behind its '[' */
    size_t size;
};

static struct member read_member(const struct splitter *splitter, struct bytes rest)
{
    struct reader reader = {.end = rest.data + rest.size};
    struct member member = {.status = SCAN_DONE};
    struct bytes key = {0};
    bool is_escaped = false;
    const uint8_t *at =
        skip_key(&reader, token_space(&reader, rest.data + 1), &key, &is_escaped);
    if (at != NULL && at < reader.end && *at == '[') {
        member.wrapper = walk_find_wrapper(splitter->shape->wrappers, key);
    }
    if (member.wrapper != NULL) {
        member.size = (size_t)(at + 1 - rest.data);
        return member;
    }
    at = at == NULL ? NULL : skip_value(&reader, at, 1);
    if (at == NULL) {
        member.status = reader.bad < reader.end ? SCAN_BAD : SCAN_SHORT;
    } else {
        member.size = (size_t)(at - rest.data);
    }
    return member;
}

/* Enters another array of records, passes over anything else. False when it is bad. */
static bool pass_member(struct splitter *splitter)
{
    struct member member = {0};
    bool is_open = true; /* a number may go on behind the window */
    size_t size = 0;
    do {
        struct bytes rest = window_rest(&splitter->window);
        size = rest.size;
        member = read_member(splitter, rest);
        is_open = member.status == SCAN_SHORT ||
                  (member.wrapper == NULL && member.size == size);
    } while (is_open && size <= RECORD_SIZE_MAX && window_more(&splitter->window));
    if (member.wrapper != NULL) {
        enter_array(splitter, member.wrapper, member.size);
    } else if (member.status == SCAN_DONE) {
        splitter->window.at += member.size;
    }
    return member.status == SCAN_DONE;
}

static enum step next_member(struct splitter *splitter, struct split_item *item)
{
    if (!window_pass_space(&splitter->window)) {
        return end_early(splitter, item);
    }
    uint8_t byte = *window_rest(&splitter->window).data;
    if (byte == ',' && pass_member(splitter)) {
        return STEP_ON;
    }
    splitter->place = PLACE_TOP;
    if (byte != '}') {
        return set_aside(splitter, item, BROKEN_DOCUMENT, record_no_json);
    }
    splitter->window.at++;
    return STEP_ON;
}

static enum step step(struct splitter *splitter, struct split_item *item)
{
    switch (splitter->place) {
    case PLACE_START:
        window_pass_mark(&splitter->window);
        splitter->place = PLACE_TOP;
        return STEP_ON;
    case PLACE_TOP:
        return next_document(splitter, item);
    case PLACE_FIRST:
    case PLACE_ELEMENT:
        return next_element(splitter, item);
    case PLACE_AFTER:
        return after_element(splitter, item);
    case PLACE_MEMBER:
        return next_member(splitter, item);
    case PLACE_END:
        break;
    }
    return STEP_END;
}

enum split_status splitter_next(struct splitter *splitter, struct split_item *item,
                                const struct values **values, struct error *err)
{
    enum step result = STEP_ON;
    while (result == STEP_ON) {
        result = step(splitter, item);
    }
    *values = NULL;
    if (result == STEP_ITEM) {
        if (item->reason != NULL) {
            return SPLIT_UNREADABLE;
        }
        *values = splitter->own_paths == NULL ? &splitter->values : NULL;
        return SPLIT_RECORD;
    }
    splitter->place = PLACE_END;
    if (splitter->window.has_failed) {
        error_set(err, splitter->window.failure.kind, "%s",
                  splitter->window.failure.text);
        return SPLIT_FAILED;
    }
    return SPLIT_END;
}
