#include "config/schema.h"

#include "base/buf.h"
#include "base/mem.h"
#include "config/amount.h"
#include "config/config_part.h"
#include "config/principle.h"

#include <stdlib.h>

#define NAME_PATTERN "^[a-z0-9-]{1,63}$"
#define FILLED "\\$\\{"

enum { PATTERN_MAX = 256 };

/* What a plain YAML scalar may be to an editor; to the program it is text. */
static json_t *text_schema(void)
{
    return json_pack("{s:[sss]}", "type", "string", "number", "boolean");
}

static json_t *pattern_schema(const char *pattern)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

/* schema, or a text in which something is filled in. */
static json_t *or_filled_take(json_t *schema)
{
    return json_pack("{s:[oo]}", "anyOf", schema, pattern_schema(FILLED));
}

/* The set of bytes, as a regular expression writes it: a bracket inside is escaped. */
static json_t *set_pattern(const char *set)
{
    struct buf pattern;
    buf_init(&pattern, PATTERN_MAX);
    buf_add_text(&pattern, "^[");
    for (const char *at = set; *at != '\0'; at++) {
        buf_add_text(&pattern, *at == '[' || *at == ']' ? "\\" : "");
        buf_add_byte(&pattern, (uint8_t)*at);
    }
    buf_add_text(&pattern, "]+$|" FILLED);
    json_t *text = json_string(buf_text(&pattern));
    buf_clear(&pattern);
    return text;
}

/* A pattern is asked of texts alone: digits are a number to an editor. */
static json_t *pattern_of(const struct setting *setting)
{
    json_t *schema = text_schema();
    if (setting->pattern != NULL) {
        json_object_set_new(schema, "pattern", set_pattern(setting->pattern));
    }
    return schema;
}

static json_t *integer_schema(const struct setting *setting)
{
    bool is_any = setting->min == 0 && setting->max == 0;
    json_t *schema = json_pack("{s:s, s:I}", "type", "integer", "minimum",
                               (json_int_t)(is_any ? 1 : setting->min));
    if (setting->max != 0) {
        json_object_set_new(schema, "maximum", json_integer(setting->max));
    }
    return or_filled_take(schema);
}

static json_t *choice_schema(const struct setting *setting)
{
    json_t *choices = json_array();
    for (size_t i = 0; setting->choices[i] != NULL; i++) {
        json_array_append_new(choices, json_string(setting->choices[i]));
    }
    return or_filled_take(json_pack("{s:o}", "enum", choices));
}

static json_t *type_schema(const struct setting *setting)
{
    switch (setting->type) {
    case SETTING_BOOL:
        return or_filled_take(json_pack("{s:s}", "type", "boolean"));
    case SETTING_INTEGER:
        return integer_schema(setting);
    case SETTING_DECIMAL:
        return or_filled_take(json_pack("{s:s, s:i, s:I}", "type", "number",
                                        "exclusiveMinimum", 0, "maximum",
                                        (json_int_t)setting->max));
    case SETTING_SIZE:
        return pattern_schema("^[0-9]+(B|KiB|MiB|GiB)$|" FILLED);
    case SETTING_DURATION:
        return pattern_schema("^[0-9]+[smhd]$|" FILLED);
    case SETTING_CHOICE:
        return choice_schema(setting);
    case SETTING_URL:
        return pattern_schema("^[Hh][Tt][Tt][Pp][Ss]?://|" FILLED);
    case SETTING_LIST:
        return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items",
                         pattern_of(setting));
    case SETTING_MAP:
        return json_pack("{s:s, s:i, s:o}", "type", "object", "minProperties", 1,
                         "additionalProperties", text_schema());
    case SETTING_END:
    case SETTING_TEXT:
    case SETTING_PATH:
    case SETTING_SECRET:
        break;
    }
    return pattern_of(setting);
}

/* Adds the properties of a table (may be NULL) and the names that must be there. */
static void add_table(const struct setting *setting, json_t *properties, json_t *required)
{
    for (; setting != NULL && setting->type != SETTING_END; setting++) {
        json_t *schema = type_schema(setting);
        if (setting->help != NULL) {
            json_object_set_new(schema, "description", json_string(setting->help));
        }
        if (setting->fallback != NULL) {
            json_object_set_new(schema, "default", json_string(setting->fallback));
        }
        json_object_set_new(properties, setting->name, schema);
        if (setting->is_required && setting->fallback == NULL) {
            json_array_append_new(required, json_string(setting->name));
        }
    }
}

static json_t *route_schema(void)
{
    json_t *refs = json_array();
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        json_array_append_new(refs, json_string(principles[i].ref));
    }
    /* 6 is a number to an editor. */
    json_array_append_new(refs, json_integer(6));
    json_t *route = json_pack(
        "{s:s, s:{s:o, s:{s:s}, s:{s:s, s:i, s:{s:o}}}, s:[s], s:b}", "type", "object",
        "properties", "name", pattern_schema(NAME_PATTERN "|" FILLED), "required", "type",
        "boolean", "principles", "type", "array", "minItems", 1, "items", "enum", refs,
        "required", "name", "additionalProperties", 0);
    json_t *item =
        json_pack("{s:[oo]}", "anyOf", pattern_schema(NAME_PATTERN "|" FILLED), route);
    return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items", item);
}

/* One kind of entry: the common keys, then by selector the keys of each type. */
struct kind {
    const char *selector; /* "provider" */
    const struct setting *common;
    json_t *names;
    json_t *cases;
};

static void add_case(struct kind *kind, const char *name, const struct setting *own)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    add_table(kind->common, properties, required);
    add_table(own, properties, required);
    json_object_set_new(properties, kind->selector, json_pack("{s:s}", "const", name));
    if (kind->common == config_source_keys) {
        json_object_set_new(properties, "sinks", route_schema());
        json_array_append_new(required, json_string("sinks"));
    }
    json_array_append_new(kind->names, json_string(name));
    json_array_append_new(
        kind->cases, json_pack("{s:{s:{s:{s:s}}, s:[s]}, s:{s:o, s:o, s:b}}", "if",
                               "properties", kind->selector, "const", name, "required",
                               kind->selector, "then", "properties", properties,
                               "required", required, "additionalProperties", 0));
}

static json_t *entries_schema_take(struct kind *kind)
{
    json_t *entry = json_pack("{s:s, s:{s:{s:o}}, s:[s], s:o}", "type", "object",
                              "properties", kind->selector, "enum", kind->names,
                              "required", kind->selector, "allOf", kind->cases);
    return json_pack("{s:s, s:{s:s}, s:o}", "type", "object", "propertyNames", "pattern",
                     NAME_PATTERN, "additionalProperties", entry);
}

static json_t *workers_schema(void)
{
    json_t *schema = json_pack("{s:[{s:s}, {s:s, s:i, s:i}, o]}", "anyOf", "const",
                               "auto", "type", "integer", "minimum", 1, "maximum",
                               CONFIG_WORKERS_MAX, pattern_schema(FILLED));
    json_object_set_new(schema, "description",
                        json_string("how many threads read sources at once; auto: one "
                                    "a source, up to 32"));
    json_object_set_new(schema, "default", json_string("auto"));
    return schema;
}

json_t *config_schema(const struct provider *const *providers,
                      const struct sink_type *const *types)
{
    struct kind sinks = {"type", config_sink_keys, json_array(), json_array()};
    for (; *types != NULL; types++) {
        struct setting *own = config_sink_own(*types);
        add_case(&sinks, (*types)->name, own);
        free(own);
    }
    struct kind sources = {"provider", config_source_keys, json_array(), json_array()};
    for (; *providers != NULL; providers++) {
        struct setting *own =
            config_part_join((*providers)->settings, (*providers)->identity);
        add_case(&sources, (*providers)->name, own);
        free(own);
    }

    json_t *state = json_object();
    json_t *metrics = json_object();
    add_table(config_state_keys, state, NULL);
    add_table(config_metrics_keys, metrics, NULL);
    json_t *properties = json_pack(
        "{s:{s:s, s:o, s:b}, s:{s:s, s:o, s:b}, s:o, s:{s:s, s:o}, s:o, s:o}", "state",
        "type", "object", "properties", state, "additionalProperties", 0, "metrics",
        "type", "object", "properties", metrics, "additionalProperties", 0, "workers",
        workers_schema(), "mappings", "type", "array", "items", text_schema(), "sinks",
        entries_schema_take(&sinks), "sources", entries_schema_take(&sources));
    return json_pack("{s:s, s:s, s:s, s:o, s:b}", "$schema",
                     "https://json-schema.org/draft/2020-12/schema", "title",
                     "auditbridge configuration", "type", "object", "properties",
                     properties, "additionalProperties", 0);
}
