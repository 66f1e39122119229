#include "config/settings_value.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/amount.h"
#include "config/url.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHOICES_LINE_MAX = 1024 };

/* Values are never quoted: the place shows where, and a secret may stand anywhere. */
static json_t *refuse(const struct settings_value *reading, const json_t *value,
                      const char *why)
{
    yaml_problem(reading->yaml, value, reading->problems, "%s: \"%s\" %s", reading->what,
                 reading->setting->name, why);
    return NULL;
}

static bool is_empty(const struct yaml *yaml, const json_t *value)
{
    if (!json_is_string(value)) {
        return json_is_array(value) ? json_array_size(value) == 0
                                    : json_object_size(value) == 0;
    }
    const char *text = json_string_value(value);
    bool is_null = strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0;
    return text[0] == '\0' || (is_null && yaml_is_plain(yaml, value));
}

static bool has_control(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((uint8_t)*at < ' ' || *at == 0x7f) {
            return true;
        }
    }
    return false;
}

/* pattern is a set as in a regular expression's brackets: "a-z0-9-". */
static bool is_in_set(uint8_t byte, const char *pattern)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        bool is_range = at[1] == '-' && at[2] != '\0';
        uint8_t first = (uint8_t)at[0];
        uint8_t last = is_range ? (uint8_t)at[2] : first;
        if (byte >= first && byte <= last) {
            return true;
        }
        at += is_range ? 2 : 0;
    }
    return false;
}

static bool is_made_of(const char *text, const char *pattern)
{
    for (const char *at = text; pattern != NULL && *at != '\0'; at++) {
        if (!is_in_set((uint8_t)*at, pattern)) {
            return false;
        }
    }
    return true;
}

/* The text of a scalar that may be used; NULL when it was refused. */
static const char *scalar_text(const struct settings_value *reading, const json_t *value)
{
    if (json_is_null(value)) {
        return NULL; /* its problem was told */
    }
    if (!json_is_string(value)) {
        refuse(reading, value,
               json_is_array(value) ? "must be a single value, not a list"
                                    : "must be a single value, not a mapping");
        return NULL;
    }
    if (is_empty(reading->yaml, value)) {
        refuse(reading, value, "is empty; give it a value, or remove the key");
        return NULL;
    }
    const char *text = json_string_value(value);
    if (has_control(text)) {
        refuse(reading, value, "must not hold line breaks or other control characters");
        return NULL;
    }
    return text;
}

static json_t *read_text(const struct settings_value *reading, const json_t *value)
{
    const char *text = scalar_text(reading, value);
    if (text != NULL && !is_made_of(text, reading->setting->pattern)) {
        char *why =
            mem_format("may hold only the characters [%s]", reading->setting->pattern);
        refuse(reading, value, why);
        free(why);
        return NULL;
    }
    return text == NULL ? NULL : json_string(text);
}

static json_t *read_path(const struct settings_value *reading, const json_t *value)
{
    const char *text = scalar_text(reading, value);
    if (text == NULL) {
        return NULL;
    }
    const char *file = reading->yaml->file;
    const char *slash = strrchr(file, '/');
    if (text[0] == '/' || slash == NULL) {
        return json_string(text);
    }
    return json_sprintf("%.*s/%s", (int)(slash - file), file, text);
}

static json_t *read_url(const struct settings_value *reading, const json_t *value)
{
    const char *text = scalar_text(reading, value);
    const char *fault = text == NULL ? NULL : url_fault(text);
    if (fault != NULL) {
        return refuse(reading, value, fault);
    }
    return text == NULL ? NULL : json_string(text);
}

static json_t *read_bool(const struct settings_value *reading, const json_t *value)
{
    const char *text = scalar_text(reading, value);
    if (text == NULL) {
        return NULL;
    }
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        return refuse(reading, value, "must be true or false");
    }
    return json_boolean(strcmp(text, "true") == 0);
}

static json_t *read_amount(const struct settings_value *reading, const json_t *value)
{
    const struct setting *setting = reading->setting;
    enum amount_kind kind = setting->type == SETTING_SIZE       ? AMOUNT_SIZE
                            : setting->type == SETTING_DURATION ? AMOUNT_DURATION
                                                                : AMOUNT_NUMBER;
    const char *text = scalar_text(reading, value);
    if (text == NULL) {
        return NULL;
    }
    int64_t least = setting->min == 0 && setting->max == 0 ? 1 : setting->min;
    int64_t most = setting->max == 0 ? INT64_MAX : setting->max;
    int64_t amount = 0;
    if (amount_parse(kind, text, &amount) && amount >= least && amount <= most) {
        return json_integer(amount);
    }

    char *from = amount_format(kind, least);
    char *to = amount_format(kind, most);
    char *why = NULL;
    if (setting->max != 0) {
        why = mem_format("must be %s, from %s to %s", amount_form(kind), from, to);
    } else if (setting->min != 0) {
        why = mem_format("must be %s, at least %s", amount_form(kind), from);
    } else {
        why = mem_format("must be %s, above 0", amount_form(kind));
    }
    refuse(reading, value, why);
    free(from);
    free(to);
    free(why);
    return NULL;
}

/* "20" or "0.45": no sign, no exponent, and no more digits than a double keeps. */
static bool parse_decimal(const char *text, double *number)
{
    static const char digits[] = "0123456789";
    enum { DIGITS_MAX = 15 };
    size_t whole = strspn(text, digits);
    size_t rest = text[whole] == '.' ? 1 + strspn(text + whole + 1, digits) : 0;
    *number = strtod(text, NULL);
    return whole > 0 && rest != 1 && text[whole + rest] == '\0' &&
           whole + rest <= DIGITS_MAX;
}

static json_t *read_decimal(const struct settings_value *reading, const json_t *value)
{
    const char *text = scalar_text(reading, value);
    double number = 0;
    if (text == NULL) {
        return NULL;
    }
    if (parse_decimal(text, &number) && number > 0 &&
        number <= (double)reading->setting->max) {
        return json_real(number);
    }
    char *why =
        mem_format("must be a number such as 20 or 0.45, above 0 and at most %" PRId64,
                   reading->setting->max);
    refuse(reading, value, why);
    free(why);
    return NULL;
}

static json_t *read_choice(const struct settings_value *reading, const json_t *value)
{
    const char *const *choices = reading->setting->choices;
    const char *text = scalar_text(reading, value);
    size_t count = 0;
    if (text == NULL) {
        return NULL;
    }
    for (; choices[count] != NULL; count++) {
        if (strcmp(choices[count], text) == 0) {
            return json_string(text);
        }
    }
    struct buf why;
    buf_init(&why, CHOICES_LINE_MAX);
    buf_add_text(&why, "must be one of: ");
    for (size_t i = 0; i < count; i++) {
        buf_addf(&why, "%s%s", i == 0 ? "" : ", ", choices[i]);
    }
    const char *nearest = text_nearest(text, choices, count);
    if (nearest != NULL) {
        buf_addf(&why, "; did you mean \"%s\"?", nearest);
    }
    refuse(reading, value, buf_text(&why));
    buf_clear(&why);
    return NULL;
}

static json_t *read_list(const struct settings_value *reading, const json_t *value)
{
    if (is_empty(reading->yaml, value)) {
        return refuse(reading, value, "is empty; give it a value, or remove the key");
    }
    if (!json_is_array(value)) {
        return refuse(reading, value, "must be a list, such as [first, second]");
    }
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *text = read_text(reading, json_array_get(value, i));
        if (text != NULL) {
            json_array_append_new(list, text);
        }
    }
    return list;
}

static json_t *read_map(const struct settings_value *reading, const json_t *value)
{
    if (is_empty(reading->yaml, value)) {
        return refuse(reading, value, "is empty; give it a value, or remove the key");
    }
    if (!json_is_object(value)) {
        return refuse(reading, value, "must be a mapping, such as {name: value}");
    }
    json_t *map = json_object();
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)value, name, member)
    {
        json_t *text = read_text(reading, member);
        if (text != NULL) {
            json_object_set_new(map, name, text);
        }
    }
    return map;
}

json_t *settings_value_read(const struct settings_value *reading, const json_t *value)
{
    if (json_is_null(value)) {
        return NULL; /* its problem was told */
    }
    switch (reading->setting->type) {
    case SETTING_PATH:
        return read_path(reading, value);
    case SETTING_URL:
        return read_url(reading, value);
    case SETTING_BOOL:
        return read_bool(reading, value);
    case SETTING_INTEGER:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return read_amount(reading, value);
    case SETTING_DECIMAL:
        return read_decimal(reading, value);
    case SETTING_CHOICE:
        return read_choice(reading, value);
    case SETTING_LIST:
        return read_list(reading, value);
    case SETTING_MAP:
        return read_map(reading, value);
    case SETTING_END:
    case SETTING_TEXT:
    case SETTING_SECRET:
        break;
    }
    return read_text(reading, value);
}
