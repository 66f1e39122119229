#include "aws/walk.h"

#include "base/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Who may do what, and for whom a key is made, is principle 2c, and all but SwitchRole
 * is "readOnly": true in the record.
 */
static const struct part {
    const char *key;
    const char *value;
} parts[] = {
    {"ReadOnly", "false"},
    {"EventName", "AssumeRole"},
    {"EventName", "AssumeRoleWithSAML"},
    {"EventName", "AssumeRoleWithWebIdentity"},
    {"EventName", "AssumeRoot"},
    {"EventName", "SwitchRole"},
    {"EventName", "GetSessionToken"},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]), PART_SIZE = 64 };

struct place {
    size_t part;
    bool is_set; /* it says how far the part was read */
    int64_t upto_s;
    int64_t page;
    int64_t disorder;
};

static void name_part(size_t part, char name[PART_SIZE])
{
    snprintf(name, PART_SIZE, "%s=%s", parts[part].key, parts[part].value);
}

/* Which of the walk's parts place is in; false when in none of them. */
static bool find_part(const struct walk *walk, const json_t *place, size_t *part)
{
    const char *written = json_string_value(json_object_get(place, "part"));
    *part = 0;
    if (written == NULL || !walk->has_parts) {
        return written == NULL && !walk->has_parts;
    }
    char name[PART_SIZE];
    for (size_t i = 0; i < PARTS; i++) {
        name_part(i, name);
        if (strcmp(name, written) == 0) {
            *part = i;
            return true;
        }
    }
    return false;
}

static struct place read_place(const struct walk *walk, const json_t *place)
{
    size_t part = 0;
    bool is_ours = find_part(walk, place, &part);
    const json_t *upto = json_object_get(place, "upto");
    return (struct place){
        .part = part,
        .is_set = is_ours && json_is_integer(upto),
        .upto_s = json_integer_value(upto),
        .page = json_integer_value(json_object_get(place, "page")),
        .disorder = is_ours ? json_integer_value(json_object_get(place, "disorder")) : 0,
    };
}

static json_t *write_place(const struct walk *walk)
{
    json_t *place = json_pack("{s:I, s:I}", "upto", (json_int_t)walk->upto_s, "page",
                              (json_int_t)walk->page);
    if (walk->has_parts) {
        char name[PART_SIZE];
        name_part(walk->part, name);
        json_object_set_new(place, "part", json_string(name));
    }
    if (walk->disorder > 0) {
        json_object_set_new(place, "disorder", json_integer(walk->disorder));
    }
    return place;
}

static int64_t seconds_of(int64_t ms)
{
    return ms / MS_PER_SECOND;
}

void walk_clear(struct walk *walk)
{
    free(walk->token);
    *walk = (struct walk){0};
}

static bool is_same_slice(const struct walk *walk, const struct slice *slice)
{
    return walk->max_results > 0 && walk->slice.a_ms == slice->a_ms &&
           walk->slice.b_ms == slice->b_ms;
}

/* Aims at [start, upto] without a token. */
static void aim(struct walk *walk, const struct place *place)
{
    free(walk->token);
    walk->token = NULL;
    walk->start_s = seconds_of(walk->slice.a_ms);
    walk->end_s = seconds_of(walk->slice.b_ms);
    walk->newest_s = INT64_MAX;
    walk->part = place->part;
    walk->disorder = place->disorder;
    if (place->page > walk->page) {
        walk->page = place->page;
    }
    bool is_inside = place->is_set && place->upto_s < walk->end_s;
    if (is_inside && place->disorder == 0) {
        walk->end_s = place->upto_s > walk->start_s ? place->upto_s : walk->start_s;
    }
    walk->upto_s = walk->end_s;
}

void walk_resume(struct walk *walk, const struct slice *slice, const json_t *place)
{
    struct place at = read_place(walk, place);
    bool is_same = is_same_slice(walk, slice);
    if (is_same && walk->token != NULL && at.is_set && at.page == walk->page &&
        at.upto_s == walk->upto_s && at.part == walk->part) {
        return;
    }
    walk->slice = *slice;
    walk->max_results = is_same ? walk->max_results : WALK_RESULTS_MAX;
    aim(walk, &at);
}

void walk_write(const struct walk *walk, struct buf *out)
{
    json_t *request =
        json_pack("{s:I, s:I, s:i}", "StartTime", (json_int_t)walk->start_s, "EndTime",
                  (json_int_t)walk->end_s, "MaxResults", walk->max_results);
    if (walk->token != NULL) {
        json_object_set_new(request, "NextToken", json_string(walk->token));
    }
    if (walk->has_parts) {
        const struct part *part = &parts[walk->part];
        json_object_set_new(request, "LookupAttributes",
                            json_pack("[{s:s, s:s}]", "AttributeKey", part->key,
                                      "AttributeValue", part->value));
    }
    char *text = json_dumps(request, JSON_COMPACT);
    buf_add_text(out, text);
    free(text);
    json_decref(request);
}

bool walk_restart(struct walk *walk, const json_t *place)
{
    struct place at = read_place(walk, place);
    bool had_token = walk->token != NULL;
    aim(walk, &at);
    return had_token;
}

bool walk_shrink(struct walk *walk, const json_t *place)
{
    if (walk->max_results <= 1) {
        return false;
    }
    walk->max_results /= 2;
    walk_restart(walk, place); /* another size is another request: no token for it */
    return true;
}

/* The part has ended: goes to the next one, at the slice's end. False after the last. */
static bool next_part(struct walk *walk)
{
    if (!walk->has_parts || walk->part + 1 == PARTS) {
        return false;
    }
    const struct place start = {.part = walk->part + 1};
    aim(walk, &start);
    return true;
}

void walk_advance_take(struct walk *walk, struct page *page, char *token)
{
    bool is_ordered = true;
    for (size_t i = 0; i < page->record_count; i++) {
        int64_t second = seconds_of(page->record_ms[i]);
        is_ordered = is_ordered && second <= walk->newest_s;
        walk->newest_s = second;
        walk->upto_s = second < walk->upto_s ? second : walk->upto_s;
    }
    walk->disorder += is_ordered ? 0 : 1;
    if (walk->disorder > 0) {
        walk->upto_s = seconds_of(walk->slice.b_ms);
    }
    /* An empty page is no progress, and must not look like it. */
    walk->page += page->record_count > 0 ? 1 : 0;

    free(walk->token);
    walk->token = token;
    page->done = token == NULL && !next_part(walk);
    page->place = write_place(walk);
}
