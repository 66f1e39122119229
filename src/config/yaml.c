#include "config/yaml.h"

#include "base/buf.h"
#include "base/mem.h"
#include "config/yaml_places.h"
#include "config/yaml_syntax.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
    DEPTH_MAX = 16,
    SIZE_MAX_BYTES = 4 << 20,
    NODES_MAX = 200000,
    PROBLEMS_MAX = 100, /* of one file's YAML; more would only repeat themselves */
    PROBLEM_SIZE = 1024,
};

/* An open mapping or sequence, and the key whose value comes next. */
struct frame {
    json_t *container;
    char *key; /* NULL: the mapping's next scalar is a key */
    struct yaml_place key_place;
    bool is_refused; /* the value of key is read to check it, then dropped */
};

struct builder {
    struct yaml *yaml;
    struct problems *problems;
    size_t problems_before;
    struct frame stack[DEPTH_MAX];
    size_t depth;
    size_t nodes;
    size_t documents;
    json_t *refused; /* values of refused keys, until the end */
    bool is_whole;   /* the end was reached */
    bool is_over;    /* no more can be read */
};

static struct yaml_place place_of(const yaml_mark_t *mark)
{
    return (struct yaml_place){(int)mark->line + 1, (int)mark->column + 1};
}

static void complain(struct builder *builder, const yaml_event_t *event, const char *what)
{
    struct yaml_place place = place_of(&event->start_mark);
    problems_add(builder->problems, builder->yaml->file, place.line, place.column, "%s",
                 what);
    if (builder->problems->count - builder->problems_before >= PROBLEMS_MAX) {
        builder->is_over = true;
    }
}

static void complain_and_stop(struct builder *builder, const yaml_event_t *event,
                              const char *what)
{
    complain(builder, event, what);
    builder->is_over = true;
}

static struct frame *top_of(struct builder *builder)
{
    return builder->depth == 0 ? NULL : &builder->stack[builder->depth - 1];
}

static bool is_key_next(struct builder *builder)
{
    const struct frame *top = top_of(builder);
    return top != NULL && json_is_object(top->container) && top->key == NULL;
}

/* The address of key's text inside object, which lives as long as the member does. */
static const void *key_address(const json_t *object, const char *key)
{
    void *iter = json_object_iter_at((json_t *)object, key);
    return iter == NULL ? NULL : json_object_iter_key(iter);
}

static void attach_member_take(struct builder *builder, struct frame *top, json_t *value)
{
    if (top->is_refused) {
        json_array_append_new(builder->refused, value);
    } else {
        json_object_set_new(top->container, top->key, value);
        struct yaml_spot spot = {key_address(top->container, top->key), top->key_place,
                                 true};
        yaml_places_add(builder->yaml->places, &spot);
    }
    free(top->key);
    top->key = NULL;
}

/* Puts value where the parser stands: the document, a sequence or a key's value. */
static void attach_take(struct builder *builder, json_t *value, const yaml_event_t *event,
                        bool is_plain)
{
    struct frame *top = top_of(builder);
    struct yaml_spot spot = {value, place_of(&event->start_mark), is_plain};
    yaml_places_add(builder->yaml->places, &spot);

    if (top == NULL) {
        builder->yaml->root = value;
    } else if (json_is_array(top->container)) {
        json_array_append_new(top->container, value);
    } else {
        attach_member_take(builder, top, value);
    }
}

static void start_container(struct builder *builder, const yaml_event_t *event)
{
    if (is_key_next(builder)) {
        complain_and_stop(builder, event,
                          "a list or mapping cannot be a key; write a text");
        return;
    }
    if (builder->depth == DEPTH_MAX) {
        complain_and_stop(builder, event,
                          "nested more than 16 deep; nothing here needs that");
        return;
    }
    json_t *container =
        event->type == YAML_MAPPING_START_EVENT ? json_object() : json_array();
    attach_take(builder, container, event, false);
    builder->stack[builder->depth++] = (struct frame){.container = container};
}

static void take_key(struct builder *builder, const yaml_event_t *event, bool is_plain)
{
    const char *text = (const char *)event->data.scalar.value;
    struct frame *top = top_of(builder);
    bool is_merge = is_plain && strcmp(text, "<<") == 0;
    bool is_repeated = json_object_get(top->container, text) != NULL;

    if (is_merge) {
        complain(builder, event,
                 "merge keys (\"<<\") are not supported; write the keys out");
    } else if (is_repeated) {
        struct yaml_place first = yaml_key_place(builder->yaml, top->container, text);
        char *what = mem_format("this key was given before, at line %d; keep one of them",
                                first.line);
        complain(builder, event, what);
        free(what);
    }
    top->key = mem_dup(text);
    top->key_place = place_of(&event->start_mark);
    top->is_refused = is_merge || is_repeated;
}

static void take_scalar(struct builder *builder, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (memchr(text, '\0', size) != NULL) {
        complain_and_stop(builder, event,
                          "a NUL byte cannot be part of a text; remove it");
        return;
    }
    if (is_key_next(builder)) {
        take_key(builder, event, is_plain);
        return;
    }
    json_t *value = json_stringn(text, size);
    if (value == NULL) {
        complain_and_stop(builder, event, "not UTF-8; save the file as UTF-8");
        return;
    }
    attach_take(builder, value, event, is_plain);
}

static void refuse_alias(struct builder *builder, const yaml_event_t *event)
{
    complain(builder, event,
             "aliases (\"*name\") are not supported; write the value out, "
             "or quote a text that starts with \"*\"");
    if (is_key_next(builder)) {
        builder->is_over = true;
    } else {
        attach_take(builder, json_null(), event, true);
    }
}

/* Anchors and tags stand before a value, which is then read as if without them. */
static void refuse_properties(struct builder *builder, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor != NULL) {
        complain(builder, event,
                 "anchors (\"&name\") are not supported; remove it, or "
                 "quote a text that starts with \"&\"");
    }
    if (tag != NULL) {
        complain(builder, event,
                 "tags (\"!name\") are not supported; remove it, or quote "
                 "a text that starts with \"!\"");
    }
}

static void take_node(struct builder *builder, const yaml_event_t *event)
{
    if (++builder->nodes > NODES_MAX) {
        complain_and_stop(builder, event,
                          "more than 200000 keys and values; split the file");
        return;
    }
    refuse_properties(builder, event);
    if (event->type == YAML_ALIAS_EVENT) {
        refuse_alias(builder, event);
    } else if (event->type == YAML_SCALAR_EVENT) {
        take_scalar(builder, event);
    } else {
        start_container(builder, event);
    }
}

static void take_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->documents > 1) {
            complain_and_stop(builder, event,
                              "a second document; keep one in a file, without \"---\"");
        }
        break;
    case YAML_ALIAS_EVENT:
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        take_node(builder, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        break;
    case YAML_STREAM_END_EVENT:
        builder->is_over = true;
        break;
    default:
        break;
    }
}

static void build(struct builder *builder, yaml_parser_t *parser, struct bytes text)
{
    yaml_event_type_t last = YAML_NO_EVENT;
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING); /* UTF-16 is refused */
    yaml_parser_set_input_string(parser, text.data, text.size);
    while (!builder->is_over) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            yaml_syntax_problem(parser, text, builder->yaml->file, builder->problems);
            break;
        }
        last = event.type;
        take_event(builder, &event);
        yaml_event_delete(&event);
    }
    builder->is_whole = last == YAML_STREAM_END_EVENT;
}

/* An empty document is one empty plain scalar. */
static bool is_empty_document(const struct yaml *yaml)
{
    return json_is_string(yaml->root) && json_string_length(yaml->root) == 0 &&
           yaml_is_plain(yaml, yaml->root);
}

bool yaml_parse(const char *text, size_t size, const char *file, struct yaml *yaml,
                struct problems *problems)
{
    *yaml = (struct yaml){.file = mem_dup(file), .places = yaml_places_new()};
    if (size > SIZE_MAX_BYTES) {
        problems_add(problems, file, 0, 0, "larger than 4 MiB; split the file");
        return false;
    }
    struct bytes bytes = {(const uint8_t *)text, size};
    if (yaml_syntax_has_tag_line(bytes, file, problems)) {
        return false;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(problems, file, 0, 0, "out of memory");
        return false;
    }

    struct builder builder = {.yaml = yaml,
                              .problems = problems,
                              .problems_before = problems->count,
                              .refused = json_array()};
    build(&builder, &parser, bytes);
    if (!builder.is_whole || is_empty_document(yaml)) {
        json_decref(yaml->root);
        yaml->root = NULL;
    }

    for (size_t i = 0; i < DEPTH_MAX; i++) {
        free(builder.stack[i].key);
    }
    json_decref(builder.refused);
    yaml_parser_delete(&parser);
    return problems->count == builder.problems_before;
}

bool yaml_read(const char *file, struct yaml *yaml, struct problems *problems)
{
    *yaml = (struct yaml){0};
    FILE *stream = fopen(file, "rbe");
    if (stream == NULL) {
        problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
        return false;
    }

    /* One byte more than allowed shows that the file is too large. */
    char *text = mem_alloc(SIZE_MAX_BYTES + 1);
    size_t size = fread(text, 1, SIZE_MAX_BYTES + 1, stream);
    bool ok = ferror(stream) == 0;
    if (!ok) {
        problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
    }
    fclose(stream);
    ok = ok && yaml_parse(text, size, file, yaml, problems);
    free(text);
    return ok;
}

void yaml_clear(struct yaml *yaml)
{
    json_decref(yaml->root);
    yaml_places_free(yaml->places);
    free(yaml->file);
    *yaml = (struct yaml){0};
}

struct yaml_place yaml_place(const struct yaml *yaml, const json_t *value)
{
    return yaml_places_get(yaml->places, value).place;
}

struct yaml_place yaml_key_place(const struct yaml *yaml, const json_t *object,
                                 const char *key)
{
    return yaml_places_get(yaml->places, key_address(object, key)).place;
}

bool yaml_is_plain(const struct yaml *yaml, const json_t *scalar)
{
    return yaml_places_get(yaml->places, scalar).is_plain;
}

void yaml_problem(const struct yaml *yaml, const json_t *value, struct problems *problems,
                  const char *fmt, ...)
{
    char what[PROBLEM_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);

    struct yaml_place place = yaml_place(yaml, value);
    problems_add(problems, yaml->file, place.line, place.column, "%s", what);
}
