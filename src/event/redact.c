#include "event/redact.h"

#include "base/mem.h"
#include "record/record.h"

#include <stdlib.h>

static const char mark[] = "\"[redacted]\"";

struct rule_path {
    char *text;
    size_t slot;
    size_t cut_slot; /* the record's own value that is cut: slot, or the string entered */
    bool enters_string;
    bool was_hit;
};

struct extent {
    const uint8_t *from;
    const uint8_t *to;
};

struct redact {
    struct paths *paths;
    struct values values;
    struct rule_path *rules;
    size_t rule_count;

    struct bytes record;
    struct extent *extents; /* sorted, none inside another */
    size_t extent_count;
    size_t extent_capacity;
    bool hides_entered; /* a string that may hold JSON was cut */
    struct buf bytes;
};

/* The length of text up to the first '!' that enters a string; its own when none does. */
static size_t outer_length(const char *text)
{
    bool is_quoted = false;
    bool is_bracketed = false;
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        if (text[i] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && (text[i] == '[' || text[i] == ']')) {
            is_bracketed = text[i] == '[';
        } else if (text[i] == '!' && !is_quoted && !is_bracketed) {
            break;
        }
    }
    return i;
}

static bool add_path(struct redact *redact, const char *text, struct error *err)
{
    if (text == NULL) {
        return error_set(err, ERROR_CONFIG, "redact: must be a list of paths");
    }
    struct rule_path *rule = &redact->rules[redact->rule_count];
    if (!paths_add(redact->paths, text, &rule->slot, err)) {
        return error_context(err, "redact");
    }
    rule->text = mem_dup(text);
    redact->rule_count++;

    size_t length = outer_length(text);
    rule->enters_string = text[length] != '\0';
    char *outer = mem_dup_bytes(text, length);
    bool added = paths_add(redact->paths, outer, &rule->cut_slot, err);
    free(outer);
    return added || error_context(err, "redact");
}

struct redact *redact_new(const json_t *paths, struct error *err)
{
    struct redact *redact = mem_new(1, sizeof(*redact));
    redact->paths = paths_new();
    redact->rules = mem_new(json_array_size(paths), sizeof(*redact->rules));
    buf_init(&redact->bytes, (size_t)RECORD_SIZE_MAX * sizeof(mark));

    size_t i = 0;
    json_t *path = NULL;
    json_array_foreach(paths, i, path)
    {
        if (!add_path(redact, json_string_value(path), err)) {
            redact_free(redact);
            return NULL;
        }
    }
    paths_seal(redact->paths);
    values_init(&redact->values, redact->paths);
    return redact;
}

void redact_free(struct redact *redact)
{
    if (redact == NULL) {
        return;
    }
    for (size_t i = 0; i < redact->rule_count; i++) {
        free(redact->rules[i].text);
    }
    values_clear(&redact->values);
    paths_free(redact->paths);
    buf_clear(&redact->bytes);
    free(redact->extents);
    free(redact->rules);
    free(redact);
}

static void add_extent(struct redact *redact, struct extent extent)
{
    if (redact->extent_count == redact->extent_capacity) {
        redact->extent_capacity = 2 * redact->extent_capacity + 16;
        redact->extents = mem_resize(redact->extents, redact->extent_capacity,
                                     sizeof(*redact->extents));
    }
    redact->extents[redact->extent_count++] = extent;
}

static void cut_value(struct redact *redact, const struct value *value)
{
    struct extent extent = {value->data, value->data + value->size};
    if (value->type == VALUE_STRING) {
        extent.from--;
        extent.to++;
        /* A JSON object in a string has escaped quotes; an array may do without. */
        if (value->is_escaped || memchr(value->data, '[', value->size) != NULL) {
            redact->hides_entered = true;
        }
    }
    add_extent(redact, extent);
}

static void cut_values(struct redact *redact, size_t slot)
{
    const struct value *value = values_at(&redact->values, slot);
    for (; value != NULL; value = values_next(&redact->values, value)) {
        if (value->type != VALUE_NONE && value->type != VALUE_NULL) {
            cut_value(redact, value);
        }
    }
}

static bool find_hits(struct redact *redact)
{
    bool has_hit = false;
    for (size_t i = 0; i < redact->rule_count; i++) {
        struct rule_path *rule = &redact->rules[i];
        rule->was_hit = values_has(&redact->values, rule->slot);
        if (rule->was_hit) {
            has_hit = true;
            redact->hides_entered = redact->hides_entered || rule->enters_string;
            cut_values(redact, rule->cut_slot);
        }
    }
    return has_hit;
}

static int compare_extents(const void *left, const void *right)
{
    const struct extent *a = left;
    const struct extent *b = right;
    if (a->from != b->from) {
        return a->from < b->from ? -1 : 1;
    }
    return a->to == b->to ? 0 : a->to > b->to ? -1 : 1;
}

/* Leaves the outer one of any two: values nest and never overlap otherwise. */
static void merge_extents(struct redact *redact)
{
    qsort(redact->extents, redact->extent_count, sizeof(*redact->extents),
          compare_extents);
    size_t kept = 0;
    for (size_t i = 0; i < redact->extent_count; i++) {
        if (kept == 0 || redact->extents[i].from >= redact->extents[kept - 1].to) {
            redact->extents[kept++] = redact->extents[i];
        }
    }
    redact->extent_count = kept;
}

bool redact_apply(struct redact *redact, struct bytes record)
{
    redact->record = record;
    redact->extent_count = 0;
    redact->hides_entered = false;
    redact->bytes.size = 0;

    size_t used = 0;
    bool has_hit = false;
    if (scan_value(redact->paths, record, &redact->values, &used) == SCAN_DONE) {
        has_hit = find_hits(redact);
    } else { /* what cannot be looked through is not shown at all */
        add_extent(redact, (struct extent){record.data, record.data + record.size});
        redact->hides_entered = true;
        has_hit = true;
    }
    if (!has_hit) {
        return false;
    }

    merge_extents(redact);
    const uint8_t *at = record.data;
    for (size_t i = 0; i < redact->extent_count; i++) {
        const struct extent *extent = &redact->extents[i];
        buf_add(&redact->bytes, at, (size_t)(extent->from - at));
        buf_add(&redact->bytes, mark, sizeof(mark) - 1);
        at = extent->to;
    }
    buf_add(&redact->bytes, at, (size_t)(record.data + record.size - at));
    return true;
}

struct bytes redact_bytes(const struct redact *redact)
{
    return buf_bytes(&redact->bytes);
}

bool redact_hides(const struct redact *redact, const struct value *value)
{
    const uint8_t *end = redact->record.data + redact->record.size;
    if (value->data < redact->record.data || value->data > end) {
        return redact->hides_entered; /* it was unescaped from some string */
    }
    size_t low = 0;
    size_t high = redact->extent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (redact->extents[middle].to <= value->data) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* An object or array that holds what was cut is hidden as well. */
    return low < redact->extent_count &&
           redact->extents[low].from < value->data + value->size + 1;
}

void redact_write_paths(const struct redact *redact, struct writer *writer)
{
    for (size_t i = 0; i < redact->rule_count; i++) {
        if (redact->rules[i].was_hit) {
            writer_text(writer, bytes_of(redact->rules[i].text));
        }
    }
}
