#include "mapping/example.h"

#include "base/mem.h"
#include "mapping/files.h"
#include "mapping/pack.h"

#include <stdlib.h>

struct examples {
    struct arena arena;
    struct example *items;
    size_t count;
};

/* What is at work while examples are loaded. */
struct loader {
    const struct record_shape *const *shapes;
    const struct record_shape *only; /* NULL: all of them */
    struct examples *examples;
    struct problems *problems;
};

/* The rule whose examples are read. */
struct owner {
    const struct pack *pack;
    const char *id;
    const char *service;   /* "" where the shape's rules name none */
    const char *operation; /* the first; may be a pattern */
    uint32_t principles;
};

/* A scalar as JSON has it: plain words and numbers are what they look like. */
static json_t *scalar_of(const struct yaml *yaml, const json_t *value)
{
    const char *text = json_string_value(value);
    if (yaml_is_plain(yaml, value)) {
        if (text[0] == '\0') {
            return json_null();
        }
        json_t *read = json_loads(text, JSON_DECODE_ANY, NULL);
        if (read != NULL && !json_is_string(read)) {
            return read;
        }
        json_decref(read);
    }
    return json_string(text);
}

/* The record as JSON. yaml_parse lets nothing be deeper than 16. */
static json_t *json_of(const struct yaml *yaml, const json_t *value)
{
    if (json_is_array(value)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(value); i++) {
            json_array_append_new(list, json_of(yaml, json_array_get(value, i)));
        }
        return list;
    }
    if (!json_is_object(value)) {
        return scalar_of(yaml, value);
    }
    json_t *object = json_object();
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)value, key, member)
    {
        json_object_set_new(object, key, json_of(yaml, member));
    }
    return object;
}

/* Puts text at path, "a.b", unless something is there that it would replace. */
static void put_text(json_t *object, const char *path, size_t size, const char *text)
{
    const char *end = path + size;
    for (const char *dot = memchr(path, '.', size); dot != NULL;
         dot = memchr(path, '.', (size_t)(end - path))) {
        char *key = mem_dup_bytes(path, (size_t)(dot - path));
        if (json_object_get(object, key) == NULL) {
            json_object_set_new(object, key, json_object());
        }
        object = json_object_get(object, key);
        free(key);
        path = dot + 1;
    }
    char *key = mem_dup_bytes(path, (size_t)(end - path));
    if (json_is_object(object) && json_object_get(object, key) == NULL) {
        json_object_set_new(object, key, json_string(text));
    }
    free(key);
}

/* True when there is something at path, "a.b". */
static bool has_path(const json_t *value, const char *path, size_t size)
{
    const char *end = path + size;
    while (value != NULL && path < end) {
        size_t part = strcspn(path, ".|");
        char *key = mem_dup_bytes(path, part);
        value = json_object_get(value, key);
        free(key);
        path += part + 1;
    }
    return value != NULL;
}

/* Puts text where the shape has it, unless record has one in any of its spellings. */
static void complete(json_t *record, const char *spellings, const char *text)
{
    const char *spelling = spellings;
    while (spelling != NULL) {
        size_t size = strcspn(spelling, "|");
        if (has_path(record, spelling, size)) {
            return;
        }
        spelling = spelling[size] == '\0' ? NULL : spelling + size + 1;
    }
    if (spellings != NULL && text[0] != '\0') {
        put_text(record, spellings, strcspn(spellings, "|"), text);
    }
}

static const char *read_record(const struct reader *reader, const json_t *value,
                               const struct owner *owner)
{
    if (!json_is_object(value)) {
        if (value != NULL) {
            reader_fault(reader, value,
                         "record is a mapping: the record, written as YAML");
        }
        return NULL;
    }
    const struct record_shape *shape = owner->pack->shape;
    json_t *record = json_of(reader->yaml, value);
    complete(record, shape->service_path, owner->service);
    json_t *bare = json_deep_copy(record);
    complete(record, shape->operation_path, owner->operation);
    if (!json_equal(bare, record) && strchr(owner->operation, '*') != NULL) {
        reader_fault(reader, value,
                     "the rule begins with a pattern, \"%s\"; name the operation here",
                     owner->operation);
    }
    char *text = json_dumps(record, JSON_COMPACT);
    const char *kept = arena_text(reader->arena, text);
    free(text);
    json_decref(bare);
    json_decref(record);
    return kept;
}

static void read_expected(const struct reader *reader, const json_t *object,
                          struct example *example)
{
    if (object == NULL) {
        return;
    }
    if (!json_is_object(object)) {
        reader_fault(reader, object, "fields is a mapping: {user.target.name: alice}");
        return;
    }
    struct example_field *items =
        arena_alloc(reader->arena, json_object_size(object), sizeof(*items));
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value)
    {
        size_t field = pack_field_find(reader, object, name);
        struct texts values = reader_texts(reader, value, "the value of a field");
        if (field < FIELD_COUNT && values.count > 0) {
            items[example->expected_count++] = (struct example_field){field, values};
        }
    }
    example->expected = items;
}

/* The one of names that value says; NULL when it is not there. */
static const char *read_word(const struct reader *reader, const json_t *object,
                             const char *key, const char *const *names, size_t count)
{
    size_t chosen =
        reader_choice(reader, json_object_get(object, key), key, names, count);
    return chosen == count ? NULL : names[chosen];
}

static void read_example(const struct loader *loader, const struct reader *reader,
                         const json_t *object, const struct owner *owner)
{
    static const struct reader_key keys[] = {
        {"record", true},  {"matches", false}, {"principles", false}, {"outcome", false},
        {"fields", false}, {"tamper", false},  {"privileged", false}, {NULL, false}};
    static const char *const outcomes[] = {"success", "failure", "unknown"};
    static const char *const answers[] = {"true", "false", "unknown"};
    if (!reader_keys(reader, object, "example", keys)) {
        return;
    }
    const json_t *list = json_object_get(object, "principles");
    const char *matches = read_word(reader, object, "matches", answers, 2);
    struct example example = {
        .rule = owner->id,
        .file = owner->pack->file,
        .place = yaml_place(reader->yaml, object),
        .shape = owner->pack->shape,
        .record = read_record(reader, json_object_get(object, "record"), owner),
        .matches = matches == NULL || strcmp(matches, "true") == 0,
        .has_principles = list != NULL,
        .principles =
            list == NULL ? owner->principles : pack_principles_read(reader, list),
        .outcome = read_word(reader, object, "outcome", outcomes, 3),
        .tamper = read_word(reader, object, "tamper", answers, 2),
        .privileged = read_word(reader, object, "privileged", answers, 3),
    };
    read_expected(reader, json_object_get(object, "fields"), &example);
    struct examples *all = loader->examples;
    all->items = mem_resize(all->items, all->count + 1, sizeof(*all->items));
    all->items[all->count++] = example;
}

/* A rule that another replaces is out of play, and so are its examples. */
static void drop_replaced(struct examples *examples, const struct record_shape *shape,
                          const char *id)
{
    size_t kept = 0;
    for (size_t i = 0; id != NULL && i < examples->count; i++) {
        const struct example *example = &examples->items[i];
        if (example->shape != shape || strcmp(example->rule, id) != 0) {
            examples->items[kept++] = *example;
        }
    }
    examples->count = id == NULL ? examples->count : kept;
}

static void read_rule(const struct loader *loader, const struct reader *reader,
                      const json_t *rule, const struct pack *pack)
{
    drop_replaced(loader->examples, pack->shape,
                  json_string_value(json_object_get(rule, "replaces")));
    const json_t *list = json_object_get(rule, "examples");
    if (!json_is_array(list)) {
        return;
    }
    struct texts services = pack_services_read(reader, rule, pack);
    struct texts operations =
        reader_list(reader, json_object_get(rule, "operations"), "operations");
    const struct owner owner = {
        .pack = pack,
        .id = reader_name(reader, json_object_get(rule, "id"), "id"),
        .service = services.count == 0 ? "" : services.items[0],
        .operation = operations.count == 0 ? "" : operations.items[0],
        .principles = pack_principles_read(reader, json_object_get(rule, "principles")),
    };
    for (size_t i = 0; owner.id != NULL && i < json_array_size(list); i++) {
        read_example(loader, reader, json_array_get(list, i), &owner);
    }
}

static bool is_wanted(const struct loader *loader, const struct pack *pack)
{
    return pack->shape != NULL &&
           (loader->only == NULL || strcmp(pack->shape->name, loader->only->name) == 0);
}

static void load_file(const struct loader *loader, const char *file)
{
    struct buf text;
    struct yaml yaml = {0};
    if (files_read(file, &text, loader->problems) &&
        !files_are_others(buf_bytes(&text), loader->only) &&
        yaml_parse(buf_text(&text), text.size, file, &yaml, loader->problems)) {
        struct reader reader = {.yaml = &yaml,
                                .arena = &loader->examples->arena,
                                .problems = loader->problems,
                                .paths = paths_new()};
        struct pack pack = {.file = arena_text(reader.arena, file)};
        const json_t *rules = json_object_get(yaml.root, "rules");
        pack_read_head(&reader, loader->shapes, &pack);
        for (size_t i = 0; is_wanted(loader, &pack) && i < json_array_size(rules); i++) {
            read_rule(loader, &reader, json_array_get(rules, i), &pack);
        }
        paths_free(reader.paths);
    }
    yaml_clear(&yaml);
    buf_clear(&text);
}

bool examples_load(const char *const *directories,
                   const struct record_shape *const *shapes,
                   const struct record_shape *only, struct examples **examples,
                   struct problems *problems)
{
    size_t before = problems->count;
    struct loader loader = {.shapes = shapes,
                            .only = only,
                            .examples = mem_new(1, sizeof(**examples)),
                            .problems = problems};
    for (size_t i = 0; directories[i] != NULL; i++) {
        struct files files;
        files_list(directories[i], &files, problems);
        for (size_t j = 0; j < files.count; j++) {
            load_file(&loader, files.names[j]);
        }
        files_clear(&files);
    }
    if (problems->count > before) {
        examples_free(loader.examples);
        return false;
    }
    *examples = loader.examples;
    return true;
}

void examples_free(struct examples *examples)
{
    if (examples != NULL) {
        free(examples->items);
        arena_clear(&examples->arena);
        free(examples);
    }
}

const struct example *examples_all(const struct examples *examples, size_t *count)
{
    *count = examples->count;
    return examples->items;
}
