#include "config/principle.h"
#include "mapping/condition.h"
#include "mapping/example.h"

enum { SHOWN_MAX = 200 };

/* What is at work while one example is tried. */
struct trial {
    const struct example *example;
    const struct mapping *mapping;
    struct match match;
    struct buf scratch;
    struct buf *told;
    bool has_failed;
};

/* Begins to tell one thing that is not as expected. */
static void fail(struct trial *trial)
{
    buf_add_text(trial->told, trial->has_failed ? "; " : "");
    trial->has_failed = true;
}

static void tell_principles(struct trial *trial, uint32_t bits)
{
    if (bits == 0) {
        buf_add_text(trial->told, "no principle");
        return;
    }
    const char *between = "";
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if ((bits & principle_bit(&principles[i])) != 0) {
            buf_addf(trial->told, "%s%s", between, principles[i].ref);
            between = ", ";
        }
    }
}

static void check_rule(struct trial *trial)
{
    const struct match *match = &trial->match;
    bool is_matched = false;
    for (size_t i = 0; i < match->rule_count; i++) {
        is_matched = is_matched || strcmp(match->rules[i]->id, trial->example->rule) == 0;
    }
    if (is_matched == trial->example->matches) {
        return;
    }
    fail(trial);
    buf_addf(trial->told, "rule \"%s\" %s", trial->example->rule,
             is_matched ? "matches, and should not" : "does not match");
    for (size_t i = 0; !is_matched && i < match->rule_count; i++) {
        buf_addf(trial->told, "%s\"%s\"", i == 0 ? ", but " : ", ", match->rules[i]->id);
    }
}

static void check_principles(struct trial *trial)
{
    uint32_t found = trial->match.principles;
    if (trial->example->has_principles && found != trial->example->principles) {
        fail(trial);
        buf_add_text(trial->told, "it answers ");
        tell_principles(trial, found);
        buf_add_text(trial->told, ", not ");
        tell_principles(trial, trial->example->principles);
    }
}

static void check_word(struct trial *trial, const char *what, const char *expected,
                       const char *found)
{
    if (expected != NULL && strcmp(expected, found) != 0) {
        fail(trial);
        buf_addf(trial->told, "%s is %s, not %s", what, found, expected);
    }
}

static void check_words(struct trial *trial)
{
    static const char *const outcomes[] = {[OUTCOME_UNKNOWN] = "unknown",
                                           [OUTCOME_SUCCESS] = "success",
                                           [OUTCOME_FAILURE] = "failure"};
    const struct match *match = &trial->match;
    bool is_tamper = false;
    for (size_t i = 0; i < match->rule_count; i++) {
        is_tamper = is_tamper || match->rules[i]->is_tamper;
    }
    enum privileged privileged = mapping_privileged(trial->mapping, match);
    check_word(trial, "the outcome", trial->example->outcome, outcomes[match->outcome]);
    check_word(trial, "tamper", trial->example->tamper, is_tamper ? "true" : "false");
    check_word(trial, "privileged", trial->example->privileged,
               privileged == PRIVILEGED_NONE ? "absent" : privileged_names[privileged]);
}

static bool is_expected(const struct texts *values, struct bytes text)
{
    for (size_t i = 0; i < values->count; i++) {
        if (bytes_equal(text, bytes_of(values->items[i]))) {
            return true;
        }
    }
    return false;
}

/* The next of a field's texts, into *text; NULL behind the last. */
static const struct value *next_text(struct trial *trial, size_t field,
                                     const struct value *value, struct bytes *text)
{
    while (value != NULL &&
           (!condition_text(value, &trial->scratch, text) || text->size == 0)) {
        value = values_next(trial->match.field_values[field], value);
    }
    return value;
}

/* The field's text after value, which is NULL before the first; NULL behind the last. */
static const struct value *after(struct trial *trial, size_t field,
                                 const struct value *value, struct bytes *text)
{
    if (value == NULL) {
        return next_text(trial, field, trial->match.fields[field], text);
    }
    bool is_many = fields[field].kind == FIELD_TEXTS;
    const struct value *next =
        is_many ? values_next(trial->match.field_values[field], value) : NULL;
    return next_text(trial, field, next, text);
}

static bool has_text(struct trial *trial, size_t field, struct bytes wanted)
{
    struct bytes text = {0};
    const struct value *value = after(trial, field, NULL, &text);
    while (value != NULL && !bytes_equal(text, wanted)) {
        value = after(trial, field, value, &text);
    }
    return value != NULL;
}

/* True when the field has each of the wanted values, and no other. */
static bool is_field(struct trial *trial, const struct example_field *wanted)
{
    struct bytes text = {0};
    const struct value *value = after(trial, wanted->field, NULL, &text);
    while (value != NULL && is_expected(&wanted->values, text)) {
        value = after(trial, wanted->field, value, &text);
    }
    bool is_same = value == NULL;
    for (size_t i = 0; i < wanted->values.count; i++) {
        is_same =
            is_same && has_text(trial, wanted->field, bytes_of(wanted->values.items[i]));
    }
    return is_same;
}

static void tell_field(struct trial *trial, size_t field)
{
    struct bytes text = {0};
    const char *between = " is ";
    const struct value *value = after(trial, field, NULL, &text);
    buf_add_text(trial->told, fields[field].name);
    if (value == NULL) {
        buf_add_text(trial->told, " is absent");
    }
    for (; value != NULL; value = after(trial, field, value, &text)) {
        text.size = text.size < SHOWN_MAX ? text.size : SHOWN_MAX;
        buf_addf(trial->told, "%s\"", between);
        buf_add_bytes(trial->told, text);
        buf_add_byte(trial->told, '"');
        between = ", ";
    }
}

static void check_fields(struct trial *trial)
{
    for (size_t i = 0; i < trial->example->expected_count; i++) {
        const struct example_field *wanted = &trial->example->expected[i];
        if (is_field(trial, wanted)) {
            continue;
        }
        fail(trial);
        tell_field(trial, wanted->field);
        for (size_t j = 0; j < wanted->values.count; j++) {
            buf_addf(trial->told, "%s\"%s\"", j == 0 ? ", not " : ", ",
                     wanted->values.items[j]);
        }
    }
}

bool example_try(const struct example *example, const struct mapping *mapping,
                 struct buf *told)
{
    struct trial trial = {.example = example, .mapping = mapping, .told = told};
    struct buf bytes;
    struct values values;
    size_t used = 0;
    buf_init(&trial.scratch, RECORD_SIZE_MAX);
    buf_init(&bytes, RECORD_SIZE_MAX);
    buf_add_text(&bytes, example->record);
    values_init(&values, mapping_paths(mapping));
    const struct record record = {.bytes = buf_bytes(&bytes)};
    if (scan_value(mapping_paths(mapping), record.bytes, &values, &used) == SCAN_DONE) {
        mapping_match(mapping, &record, &values, &trial.match);
        check_rule(&trial);
        check_principles(&trial);
        check_words(&trial);
        check_fields(&trial);
    } else {
        fail(&trial);
        buf_add_text(told, "the record cannot be read");
    }
    match_clear(&trial.match);
    values_clear(&values);
    buf_clear(&bytes);
    buf_clear(&trial.scratch);
    return !trial.has_failed;
}
