/*
 * The scanner accepts what jansson accepts, and what jansson is known to refuse
 * though it is legal; refuses everything else; and picks the same values.
 */
#include "base/mem.h"
#include "record/scan.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step_kind { STEP_END, STEP_KEY, STEP_EACH, STEP_FILTER, STEP_INNER };

struct step {
    enum step_kind kind;
    const char *key;
    const char *value;
};

enum { STEPS = 8, FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL };

static const struct wanted {
    const char *path;
    struct step steps[STEPS];
} wanted[] = {
    {"a", {{STEP_KEY, "a", NULL}}},
    {"b.c", {{STEP_KEY, "b", NULL}, {STEP_KEY, "c", NULL}}},
    {"a.b", {{STEP_KEY, "a", NULL}, {STEP_KEY, "b", NULL}}},
    {"\"\"", {{STEP_KEY, "", NULL}}},
    {"longerKey", {{STEP_KEY, "longerKey", NULL}}},
    {"aVeryLongKeyIndeed", {{STEP_KEY, "aVeryLongKeyIndeed", NULL}}},
    {"a[*]", {{STEP_KEY, "a", NULL}, {STEP_EACH, NULL, NULL}}},
    {"a[*].b", {{STEP_KEY, "a", NULL}, {STEP_EACH, NULL, NULL}, {STEP_KEY, "b", NULL}}},
    {"a[*][*]",
     {{STEP_KEY, "a", NULL}, {STEP_EACH, NULL, NULL}, {STEP_EACH, NULL, NULL}}},
    {"a[b=x].c", {{STEP_KEY, "a", NULL}, {STEP_FILTER, "b", "x"}, {STEP_KEY, "c", NULL}}},
    {"a[b=true]", {{STEP_KEY, "a", NULL}, {STEP_FILTER, "b", "true"}}},
    {"s!", {{STEP_KEY, "s", NULL}, {STEP_INNER, NULL, NULL}}},
    {"s!.a", {{STEP_KEY, "s", NULL}, {STEP_INNER, NULL, NULL}, {STEP_KEY, "a", NULL}}},
    {"a[*].s![*]!.t",
     {{STEP_KEY, "a", NULL},
      {STEP_EACH, NULL, NULL},
      {STEP_KEY, "s", NULL},
      {STEP_INNER, NULL, NULL},
      {STEP_EACH, NULL, NULL},
      {STEP_INNER, NULL, NULL},
      {STEP_KEY, "t", NULL}}},
};
enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

/* What jansson finds, in order; is_unsure where it cannot be compared. */
struct found {
    json_t *values;
    bool is_unsure;
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static json_t *load(const void *data, size_t size, size_t flags, json_error_t *error)
{
    return json_loadb(data, size, FLAGS | flags, error);
}

/* jansson's NUL as the scanner writes it. The caller's. */
static struct buf text_of(const json_t *string)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    const char *at = json_string_value(string);
    for (size_t i = 0; i < json_string_length(string); i++) {
        if (at[i] == '\0') {
            buf_add_text(&text, "\xef\xbf\xbd");
        } else {
            buf_add_byte(&text, (uint8_t)at[i]);
        }
    }
    buf_add(&text, "", 0);
    return text;
}

static bool is_member_text(const json_t *element, const struct step *step)
{
    const json_t *member = json_object_get(element, step->key);
    if (json_is_boolean(member)) {
        return strcmp(json_is_true(member) ? "true" : "false", step->value) == 0;
    }
    return json_is_string(member) && json_string_length(member) == strlen(step->value) &&
           strcmp(json_string_value(member), step->value) == 0;
}

static void find(json_t *value, const struct step *step, struct found *found);

static void find_elements(json_t *array, const struct step *step, struct found *found)
{
    size_t i = 0;
    json_t *element = NULL;
    json_array_foreach(array, i, element)
    {
        if (step->kind == STEP_EACH || is_member_text(element, step)) {
            find(element, step + 1, found);
        }
    }
}

static void find_inner(json_t *string, const struct step *step, struct found *found)
{
    json_error_t error;
    struct buf text = text_of(string);
    const char *inner = text.size == 0 ? "" : (const char *)text.data;
    json_t *value = load(inner, text.size, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL && text.size > 0) {
        struct bytes bytes = {text.data, text.size};
        size_t used = 0;
        found->is_unsure |= scan_value(NULL, bytes, NULL, &used) == SCAN_DONE;
    }
    if (value != NULL) {
        find(value, step + 1, found);
        json_decref(value);
    }
    buf_clear(&text);
}

static void find(json_t *value, const struct step *step, struct found *found)
{
    switch (step->kind) {
    case STEP_END:
        json_array_append(found->values, value);
        break;
    case STEP_KEY:
        value = json_object_get(value, step->key);
        if (value != NULL) {
            find(value, step + 1, found);
        }
        break;
    case STEP_EACH:
    case STEP_FILTER:
        find_elements(value, step, found);
        break;
    case STEP_INNER:
        if (json_is_string(value)) {
            find_inner(value, step, found);
        }
        break;
    }
}

static void check_string(const struct value *got, const json_t *expected)
{
    struct buf text = text_of(expected);
    struct buf ours;
    buf_init(&ours, SIZE_MAX / 2);
    check(got->type == VALUE_STRING);
    check(got->is_escaped == (memchr(got->data, '\\', got->size) != NULL));
    check(scan_unescape((struct bytes){got->data, got->size}, &ours));
    check(bytes_equal(buf_bytes(&ours), buf_bytes(&text)));
    buf_clear(&ours);
    buf_clear(&text);
}

static void check_value(const struct value *got, const json_t *expected)
{
    static const enum value_type types[] = {
        [JSON_OBJECT] = VALUE_OBJECT, [JSON_ARRAY] = VALUE_ARRAY,
        [JSON_STRING] = VALUE_STRING, [JSON_INTEGER] = VALUE_NUMBER,
        [JSON_REAL] = VALUE_NUMBER,   [JSON_TRUE] = VALUE_TRUE,
        [JSON_FALSE] = VALUE_FALSE,   [JSON_NULL] = VALUE_NULL,
    };
    check(got != NULL && got->type == types[json_typeof(expected)]);
    if (json_is_string(expected)) {
        check_string(got, expected);
        return;
    }
    json_error_t error;
    json_t *again = load(got->data, got->size, 0, &error);
    check(again != NULL && json_equal(again, expected));
    json_decref(again);
}

static void check_all(const struct values *values, const struct value *got,
                      const json_t *expected)
{
    got = got->type == VALUE_NONE ? NULL : got;
    for (size_t i = 0; i < json_array_size(expected); i++) {
        check_value(got, json_array_get(expected, i));
        got = values_next(values, got);
    }
    check(got == NULL);
}

static void check_picked(const struct values *values, const size_t *slots, json_t *root)
{
    for (size_t i = 0; i < WANTED; i++) {
        struct found found = {.values = json_array()};
        find(root, wanted[i].steps, &found);
        if (!found.is_unsure) {
            check_all(values, values_at(values, slots[i]), found.values);
        }
        json_decref(found.values);
    }
}

static size_t depth_of(const json_t *value)
{
    size_t deepest = 0;
    size_t i = 0;
    const char *key = NULL;
    json_t *inner = NULL;
    json_array_foreach(value, i, inner)
    {
        size_t depth = depth_of(inner);
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach((json_t *)value, key, inner)
    {
        size_t depth = depth_of(inner);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (json_is_array(value) || json_is_object(value) ? 1 : 0);
}

/* Legal JSON that jansson will not read. */
static bool is_known_refusal(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           strstr(error->text, "invalid Unicode '\\u") != NULL;
}

static void compare(struct bytes text, bool accepted, const struct values *values,
                    const size_t *slots)
{
    json_error_t error;
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        check(!accepted); /* jansson loses a NUL behind a number */
        return;
    }
    json_t *root = load(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && json_error_code(&error) == json_error_duplicate_key) {
        root = load(text.data, text.size, 0, &error);
        check(root == NULL || accepted == (depth_of(root) <= SCAN_DEPTH_MAX) ||
              !accepted); /* a repeated key can hide what was too deep */
    } else if (root != NULL) {
        check(accepted == (depth_of(root) <= SCAN_DEPTH_MAX));
        if (accepted) {
            check_picked(values, slots, root);
        }
    }
    check(root != NULL || !accepted || is_known_refusal(&error));
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct paths *paths;
    static struct values values;
    static size_t slots[WANTED];
    if (paths == NULL) {
        paths = paths_new();
        for (size_t i = 0; i < WANTED; i++) {
            check(paths_add(paths, wanted[i].path, &slots[i], NULL));
        }
        paths_seal(paths);
        values_init(&values, paths);
    }
    uint8_t *copy = mem_new(size + BUF_PADDING, 1); /* exact, for ASan */
    if (size > 0) {
        memcpy(copy, data, size);
    }
    memset(copy + size, size % 2 == 0 ? '"' : ']', BUF_PADDING);

    size_t used = 0;
    size_t checked = 0;
    struct bytes text = {copy, size};
    enum scan_status status = scan_value(paths, text, &values, &used);
    check(scan_value(NULL, text, NULL, &checked) == status);
    bool accepted = status == SCAN_DONE;
    if (accepted) {
        check(used == checked && used <= size);
        accepted = strspn((const char *)copy + used, " \t\r\n") >= size - used;
        struct bytes part = {copy, used - 1};
        bool is_number = used > 0 && copy[used - 1] >= '0' && copy[used - 1] <= '9';
        size_t ignored = 0;
        check(is_number || scan_value(NULL, part, NULL, &ignored) == SCAN_SHORT);
        check(scan_value(paths, text, &values, &used) == SCAN_DONE);
    }
    compare(text, accepted, &values, slots);
    free(copy);
    return 0;
}
