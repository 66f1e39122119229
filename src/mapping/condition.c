#include "mapping/condition.h"

#include "base/text.h"

#include <string.h>

enum { NOTS_MAX = 4 };

static const struct reader_key exists_keys[] = {{"exists", true}, {NULL, false}};
static const struct reader_key glob_keys[] = {{"glob", true}, {NULL, false}};
static const struct reader_key not_keys[] = {{"not", true}, {NULL, false}};

static bool read_exists(const struct reader *reader, const json_t *value,
                        struct condition *condition)
{
    static const char *const answers[] = {"true", "false"};
    size_t answer = reader_choice(reader, value, "exists", answers, 2);
    condition->kind = CONDITION_EXISTS;
    condition->is_negated = condition->is_negated != (answer == 1);
    return answer < 2;
}

static bool read_glob(const struct reader *reader, const json_t *value,
                      struct condition *condition)
{
    if (json_is_array(value)) {
        reader_fault(reader, value, "glob takes one text; write a rule for each pattern");
        return false;
    }
    condition->kind = CONDITION_GLOB;
    condition->texts = reader_texts(reader, value, "glob");
    return condition->texts.count == 1;
}

/* YAML's own words for nothing would be compared as texts, which nobody means. */
static bool is_nothing(const struct reader *reader, const json_t *value)
{
    const char *text = json_string_value(value);
    return yaml_is_plain(reader->yaml, value) &&
           (*text == '\0' || strcmp(text, "null") == 0 || strcmp(text, "~") == 0);
}

static bool read_texts(const struct reader *reader, const json_t *value,
                       struct condition *condition)
{
    condition->kind = CONDITION_ANY_OF;
    if (json_is_array(value)) {
        condition->texts = reader_list(reader, value, "a list of values");
        return condition->texts.count > 0;
    }
    if (is_nothing(reader, value)) {
        reader_fault(reader, value,
                     "a condition needs a value; for an absent one write "
                     "{exists: false}, for an empty text ''");
        return false;
    }
    const char **items = arena_alloc(reader->arena, 2, sizeof(*items));
    items[0] = arena_text(reader->arena, json_string_value(value));
    condition->texts = (struct texts){items, 1};
    return true;
}

static bool read_condition(const struct reader *reader, const json_t *value,
                           struct condition *condition)
{
    for (int nots = 0; nots < NOTS_MAX; nots++) {
        if (!json_is_object(value)) {
            return read_texts(reader, value, condition);
        }
        const json_t *inner = json_object_get(value, "exists");
        if (inner != NULL) {
            return reader_keys(reader, value, "condition", exists_keys) &&
                   read_exists(reader, inner, condition);
        }
        inner = json_object_get(value, "glob");
        if (inner != NULL) {
            return reader_keys(reader, value, "condition", glob_keys) &&
                   read_glob(reader, inner, condition);
        }
        inner = json_object_get(value, "not");
        if (inner == NULL) {
            break;
        }
        reader_keys(reader, value, "condition", not_keys);
        condition->is_negated = !condition->is_negated;
        value = inner;
    }
    reader_fault(reader, value,
                 "a condition is a text, a list of texts, {exists: true}, "
                 "{glob: 'x*'} or {not: ...}");
    return false;
}

struct conditions conditions_read(const struct reader *reader, const json_t *when)
{
    if (when == NULL) {
        return (struct conditions){0};
    }
    if (!json_is_object(when) || json_object_size(when) == 0) {
        reader_fault(reader, when, "when is a mapping of conditions: {path: value}");
        return (struct conditions){0};
    }
    size_t count = 0;
    struct condition *items =
        arena_alloc(reader->arena, json_object_size(when), sizeof(*items));
    const char *path = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)when, path, value)
    {
        struct error err = {0};
        struct condition *item = &items[count];
        item->path = arena_text(reader->arena, path);
        if (!reader_path(reader, path, &err)) {
            reader_fault_key(reader, when, path, "%s", err.text);
        } else if (read_condition(reader, value, item)) {
            count++;
        }
    }
    return (struct conditions){items, count};
}

bool condition_text(const struct value *value, struct buf *scratch, struct bytes *text)
{
    *text = (struct bytes){value->data, value->size};
    switch (value->type) {
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_NUMBER:
        return true;
    case VALUE_STRING:
        break;
    default:
        return false;
    }
    if (value->is_escaped) {
        scratch->size = 0;
        if (!scan_unescape(*text, scratch)) {
            return false;
        }
        *text = buf_bytes(scratch);
    }
    return true;
}

static bool is_any_of(struct bytes text, const struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (bytes_equal(text, bytes_of(texts->items[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_answer(const struct condition *condition, const struct value *value,
                      struct buf *scratch)
{
    if (condition->kind == CONDITION_EXISTS) {
        return value->type > VALUE_NULL;
    }
    struct bytes text;
    if (!condition_text(value, scratch, &text)) {
        return false;
    }
    return condition->kind == CONDITION_ANY_OF
               ? is_any_of(text, &condition->texts)
               : text_matches_glob(text, bytes_of(condition->texts.items[0]));
}

bool condition_holds(const struct condition *condition, const struct values *values,
                     size_t slot, struct buf *scratch)
{
    bool is_found = false;
    const struct value *value = values == NULL ? NULL : values_at(values, slot);
    while (value != NULL && !is_found) {
        is_found = is_answer(condition, value, scratch);
        value = values_next(values, value);
    }
    return is_found != condition->is_negated;
}

void condition_describe(const struct condition *condition, struct buf *out)
{
    if (condition->kind == CONDITION_EXISTS) {
        buf_add_text(out, condition->is_negated ? "does not exist" : "exists");
        return;
    }
    const char *verb = condition->kind == CONDITION_GLOB ? "matches" : "is";
    const char *verb_not =
        condition->kind == CONDITION_GLOB ? "does not match" : "is not";
    buf_add_text(out, condition->is_negated ? verb_not : verb);
    for (size_t i = 0; i < condition->texts.count; i++) {
        buf_addf(out, "%s\"%s\"", i == 0 ? " " : " or ", condition->texts.items[i]);
    }
}
