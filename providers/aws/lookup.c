#include "aws/lookup.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>

enum {
    NUMBER_SIZE = 32,
    TOKEN_MAX = 1 << 16,
};

static const double seconds_max = 253402300799; /* the end of the year 9999 */

enum answer_slot { ANSWER_EVENTS, ANSWER_TOKEN, ANSWER_SLOTS };
enum event_slot { EVENT_RECORD, EVENT_TIME, EVENT_RESOURCES, EVENT_SLOTS };

static const char *const answer_paths[ANSWER_SLOTS] = {"Events", "NextToken"};
static const char *const event_paths[EVENT_SLOTS] = {"CloudTrailEvent", "EventTime",
                                                     "Resources"};

struct lookup {
    struct paths *answer;
    struct paths *event;
    size_t answer_slots[ANSWER_SLOTS];
    size_t event_slots[EVENT_SLOTS];
    struct values answer_values;
    struct values event_values;
};

static struct paths *compile(const char *const *texts, size_t count, size_t *slots)
{
    struct paths *paths = paths_new();
    for (size_t i = 0; i < count; i++) {
        paths_add(paths, texts[i], &slots[i], NULL);
    }
    paths_seal(paths);
    return paths;
}

struct lookup *lookup_new(void)
{
    struct lookup *lookup = mem_new(1, sizeof(*lookup));
    lookup->answer = compile(answer_paths, ANSWER_SLOTS, lookup->answer_slots);
    lookup->event = compile(event_paths, EVENT_SLOTS, lookup->event_slots);
    values_init(&lookup->answer_values, lookup->answer);
    values_init(&lookup->event_values, lookup->event);
    return lookup;
}

void lookup_free(struct lookup *lookup)
{
    if (lookup == NULL) {
        return;
    }
    values_clear(&lookup->answer_values);
    values_clear(&lookup->event_values);
    paths_free(lookup->answer);
    paths_free(lookup->event);
    free(lookup);
}

void lookup_write(const struct walk *walk, struct buf *out)
{
    json_t *request =
        json_pack("{s:I, s:I, s:i}", "StartTime", (json_int_t)walk->start_s, "EndTime",
                  (json_int_t)walk->end_s, "MaxResults", walk->max_results);
    if (walk->token != NULL) {
        json_object_set_new(request, "NextToken", json_string(walk->token));
    }
    char *text = json_dumps(request, JSON_COMPACT);
    buf_add_text(out, text);
    free(text);
    json_decref(request);
}

static struct bytes skip_white(struct bytes bytes)
{
    while (bytes.size > 0 && strchr(" \t\r\n", bytes.data[0]) != NULL &&
           bytes.data[0] != '\0') {
        bytes.data++;
        bytes.size--;
    }
    return bytes;
}

static struct bytes skip(struct bytes bytes, size_t size)
{
    return (struct bytes){bytes.data + size, bytes.size - size};
}

/* EventTime is a number of seconds; some servers write RFC 3339 in a string. */
static bool read_time(const struct value *value, int64_t *ms)
{
    if (value->type == VALUE_STRING) {
        return timestamp_parse((struct bytes){value->data, value->size}, ms);
    }
    char text[NUMBER_SIZE];
    if (value->type != VALUE_NUMBER || value->size >= sizeof(text)) {
        return false;
    }
    memcpy(text, value->data, value->size);
    text[value->size] = '\0';
    double seconds = strtod(text, NULL);
    if (!(seconds >= 0 && seconds <= seconds_max)) {
        return false;
    }
    *ms = (int64_t)(seconds * MS_PER_SECOND);
    return true;
}

/* Adds the event whose envelope was just scanned. */
static bool add_event(const struct lookup *lookup, struct page *page,
                      struct bytes envelope, int64_t fallback_ms)
{
    const struct values *values = &lookup->event_values;
    const struct value *inner = values_at(values, lookup->event_slots[EVENT_RECORD]);
    const struct value *outer = values_at(values, lookup->event_slots[EVENT_RESOURCES]);
    struct record record = {.bytes = envelope};
    int64_t ms = fallback_ms;

    if (inner->type == VALUE_STRING && inner->size > 0) {
        size_t before = page->decoded.size;
        if (!scan_unescape((struct bytes){inner->data, inner->size}, &page->decoded)) {
            return false;
        }
        record.bytes = skip(buf_bytes(&page->decoded), before);
        if (outer->type == VALUE_ARRAY) {
            record.context = (struct bytes){outer->data, outer->size};
        }
    }
    read_time(values_at(values, lookup->event_slots[EVENT_TIME]), &ms);
    page_add(page, &record, ms);
    return true;
}

/* The elements of the array Events, which was scanned as a whole before. */
static bool read_events(struct lookup *lookup, struct page *page, struct bytes rest,
                        int64_t fallback_ms)
{
    rest = skip_white(skip(rest, 1));
    while (rest.size > 0 && rest.data[0] != ']') {
        size_t used = 0;
        if (scan_value(lookup->event, rest, &lookup->event_values, &used) != SCAN_DONE ||
            !add_event(lookup, page, (struct bytes){rest.data, used}, fallback_ms)) {
            return false;
        }
        fallback_ms = page->record_ms[page->record_count - 1];
        rest = skip_white(skip(rest, used));
        rest = skip_white(skip(rest, rest.size > 0 && rest.data[0] == ',' ? 1 : 0));
    }
    return true;
}

static bool read_token(const struct value *value, char **token, struct error *err)
{
    if (value->type == VALUE_NONE || value->type == VALUE_NULL || value->size == 0) {
        return true;
    }
    struct buf text;
    buf_init(&text, TOKEN_MAX);
    bool ok = value->type == VALUE_STRING &&
              scan_unescape((struct bytes){value->data, value->size}, &text);
    if (ok) {
        *token = mem_dup(buf_text(&text));
    } else {
        error_set(err, ERROR_DATA, "NextToken is not a short string");
    }
    buf_clear(&text);
    return ok;
}

/* Scans the whole answer; what is not one JSON object is refused. */
static bool scan_answer(struct lookup *lookup, const struct page *page, struct error *err)
{
    struct bytes body = skip_white(buf_bytes(&page->body));
    size_t used = 0;
    if (body.size == 0 || body.data[0] != '{') {
        return error_set(err, ERROR_DATA, "the answer is not JSON");
    }
    switch (scan_value(lookup->answer, body, &lookup->answer_values, &used)) {
    case SCAN_SHORT:
        return error_set(err, ERROR_DATA, "the answer is cut short");
    case SCAN_BAD:
        return error_set(err, ERROR_DATA, "the answer is broken JSON");
    case SCAN_DONE:
        break;
    }
    if (skip_white(skip(body, used)).size > 0) {
        return error_set(err, ERROR_DATA, "the answer has text behind its JSON");
    }
    return true;
}

bool lookup_read(struct lookup *lookup, struct page *page, int64_t fallback_ms,
                 char **token, struct error *err)
{
    *token = NULL;
    if (!scan_answer(lookup, page, err)) {
        return false;
    }
    const struct values *values = &lookup->answer_values;
    const struct value *events = values_at(values, lookup->answer_slots[ANSWER_EVENTS]);
    if (events->type != VALUE_ARRAY) {
        /* An empty slice is "Events":[]; anything else may hide what was asked for. */
        return error_set(err, ERROR_DATA, "the answer has no Events");
    }
    /* Room for all at once: records point into it, so it must not move. */
    buf_init(&page->decoded, page->body.size);
    buf_reserve(&page->decoded, page->body.size);
    if (!read_events(lookup, page, (struct bytes){events->data, events->size},
                     fallback_ms)) {
        return error_set(err, ERROR_DATA, "an event of the answer cannot be read");
    }
    return read_token(values_at(values, lookup->answer_slots[ANSWER_TOKEN]), token, err);
}
