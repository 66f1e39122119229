#include "mapping/decision.h"

#include "base/mem.h"
#include "mapping/decision_index.h"
#include "mapping/files.h"
#include "mapping/operation.h"
#include "mapping/pack.h"

#include <stdlib.h>
#include <unistd.h>

const char *const decision_names[DECISION_COUNT] = {
    [DECISION_READ] = "read",
    [DECISION_DATA] = "data",
    [DECISION_JOB] = "job",
    [DECISION_SIGNAL] = "signal",
    [DECISION_SETTINGS] = "settings",
    [DECISION_PART] = "part",
    [DECISION_LABEL] = "label",
    [DECISION_COST] = "cost",
    [DECISION_ORCHESTRATION] = "orchestration",
    [DECISION_ACCESS] = "access",
    [DECISION_STEP] = "step",
    [DECISION_NOTIFICATION] = "notification",
};

struct decisions {
    struct arena arena;
    struct decision *items;
    size_t count;
    struct decision_index index;
};

/* What is at work while decisions are loaded. */
struct loader {
    const struct record_shape *const *shapes;
    const struct record_shape *only; /* NULL: all of them */
    struct decisions *decisions;
    struct problems *problems;
    struct pack *packs; /* the heads of all files read, packs and decisions */
    size_t pack_count;
};

/* Takes what stands at the head of a file; false when it is not wanted. */
static bool read_head(struct loader *loader, const struct reader *reader,
                      struct pack *pack)
{
    pack->file = arena_text(reader->arena, reader->yaml->file);
    pack->place = yaml_place(reader->yaml, reader->yaml->root);
    pack_read_head(reader, loader->shapes, pack);
    for (size_t i = 0; i < loader->pack_count; i++) {
        if (loader->packs[i].name != NULL && pack->name != NULL &&
            strcmp(loader->packs[i].name, pack->name) == 0) {
            pack_check_version(pack, &loader->packs[i], reader->problems);
            break;
        }
    }
    loader->packs =
        mem_resize(loader->packs, loader->pack_count + 1, sizeof(*loader->packs));
    loader->packs[loader->pack_count++] = *pack;
    return loader->only == NULL || pack->shape == NULL ||
           strcmp(pack->shape->name, loader->only->name) == 0;
}

/* Google's operations begin with its own name, which is no service. */
static size_t skip_owner(const char *text)
{
    static const char *const owners[] = {"google.", "cloud."};
    size_t at = 0;
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        size_t size = strlen(owners[i]);
        at += strncmp(text + at, owners[i], size) == 0 ? size : 0;
    }
    return at;
}

/* True when what stands before the first '*' of pattern names a service. */
static bool is_below_service(const struct record_shape *shape, const char *pattern)
{
    char *spelled = mem_dup(pattern);
    operation_spell(shape, spelled);
    const char *name = spelled + skip_owner(spelled);
    size_t size = strcspn(name, "*");
    size_t service = strcspn(name, "./");
    bool is_below = service > 0 && service < size;
    free(spelled);
    return is_below;
}

static void check_pattern(const struct reader *reader, const json_t *value,
                          const struct decision *decision)
{
    const char *pattern = json_string_value(value);
    bool is_named =
        decision->shape->service_path != NULL && !decision->shape->any_service;
    if (is_named && decision->services.count > 1) {
        reader_fault(reader, value,
                     "pattern \"%s\" stands for operations of one service only; write an "
                     "entry for each service",
                     pattern);
    } else if (!is_named && !is_below_service(decision->shape, pattern)) {
        reader_fault(reader, value,
                     "pattern \"%s\" reaches past one service; name the service before "
                     "the '*', or name each operation",
                     pattern);
    }
}

static void add_name(struct loader *loader, const struct reader *reader,
                     const json_t *value, const struct decision *decision,
                     const char *service)
{
    struct decision_name *name = arena_alloc(reader->arena, 1, sizeof(*name));
    name->number = loader->decisions->count;
    name->file = decision->file;
    name->place = yaml_place(reader->yaml, value);
    const char *text = json_string_value(value);
    const struct decision_name *first = decision_index_add(
        &loader->decisions->index, decision->shape, service, text, name);
    if (first != NULL) {
        reader_fault(reader, value,
                     "\"%s\"%s%s is already decided at %s:%d:%d; keep one of them", text,
                     service[0] == '\0' ? "" : " of ", service, first->file,
                     first->place.line, first->place.column);
    }
}

static void add_operation(struct loader *loader, const struct reader *reader,
                          const json_t *value, const struct decision *decision)
{
    size_t size = json_string_length(value);
    if (size == 0 || decision->shape == NULL) {
        return; /* told before */
    }
    if (size > PACK_OPERATION_SIZE_MAX) {
        reader_fault(reader, value,
                     "an operation is longer than %d bytes; write a shorter pattern with "
                     "'*'",
                     (int)PACK_OPERATION_SIZE_MAX);
        return;
    }
    if (strchr(json_string_value(value), '*') != NULL) {
        check_pattern(reader, value, decision);
    }
    for (size_t i = 0; i < decision->services.count; i++) {
        add_name(loader, reader, value, decision, decision->services.items[i]);
    }
}

static void read_entry(struct loader *loader, const struct reader *reader,
                       const json_t *object, const struct pack *pack)
{
    static const struct reader_key keys[] = {{"class", true},
                                             {"operations", true},
                                             {"service", false},
                                             {"why", false},
                                             {NULL, false}};
    if (!reader_keys(reader, object, "no_principle entry", keys)) {
        return;
    }
    const json_t *operations = json_object_get(object, "operations");
    size_t class = reader_choice(reader, json_object_get(object, "class"), "class",
                                 decision_names, DECISION_COUNT);
    const struct decision decision = {
        .file = pack->file,
        .place = yaml_place(reader->yaml, object),
        .shape = pack->shape,
        .class = class == DECISION_COUNT ? DECISION_READ : (enum decision_class) class,
        .why = reader_text(reader, json_object_get(object, "why"), "why"),
        .services = pack_services_read(reader, object, pack),
        .operations = reader_list(reader, operations, "operations"),
    };
    for (size_t i = 0; decision.operations.count > 0 && i < json_array_size(operations);
         i++) {
        add_operation(loader, reader, json_array_get(operations, i), &decision);
    }
    struct decisions *all = loader->decisions;
    all->items = mem_resize(all->items, all->count + 1, sizeof(*all->items));
    all->items[all->count++] = decision;
}

static void read_entries(struct loader *loader, const struct reader *reader,
                         const struct pack *pack)
{
    const json_t *list = json_object_get(reader->yaml->root, "no_principle");
    if (list == NULL) {
        return; /* told by its missing key */
    }
    if (!json_is_array(list)) {
        reader_fault(reader, list,
                     "no_principle is a list; begin each entry with \"- class: ...\"");
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        read_entry(loader, reader, json_array_get(list, i), pack);
    }
}

static void read_decisions(struct loader *loader, const struct reader *reader)
{
    static const struct reader_key keys[] = {
        {"pack", true},         {"records", true},      {"version", true},
        {"no_principle", true}, {"description", false}, {NULL, false}};
    struct pack pack = {0};
    if (reader_keys(reader, reader->yaml->root, "file of decisions", keys) &&
        read_head(loader, reader, &pack)) {
        read_entries(loader, reader, &pack);
    }
}

static void load_decisions(struct loader *loader, const char *file)
{
    struct buf text;
    struct yaml yaml = {0};
    if (files_read(file, &text, loader->problems) &&
        !files_are_others(buf_bytes(&text), loader->only) &&
        yaml_parse(buf_text(&text), text.size, file, &yaml, loader->problems)) {
        struct reader reader = {.yaml = &yaml,
                                .arena = &loader->decisions->arena,
                                .problems = loader->problems,
                                .paths = paths_new()};
        if (yaml.root == NULL) {
            problems_add(loader->problems, file, 0, 0,
                         "is empty; a file of decisions begins with \"pack: NAME\"");
        } else {
            read_decisions(loader, &reader);
        }
        paths_free(reader.paths);
    }
    yaml_clear(&yaml);
    buf_clear(&text);
}

/*
 * Only the head of a pack matters here, for its version; what is wrong with the pack is
 * told where packs are loaded.
 */
static void load_head(struct loader *loader, const char *file)
{
    struct buf text;
    struct yaml yaml = {0};
    struct problems ignored = {0};
    if (files_read(file, &text, &ignored) &&
        !files_are_others(buf_bytes(&text), loader->only) &&
        yaml_parse(buf_text(&text), text.size, file, &yaml, &ignored) &&
        json_is_object(yaml.root)) {
        struct reader reader = {
            .yaml = &yaml, .arena = &loader->decisions->arena, .problems = &ignored};
        struct pack pack = {0};
        read_head(loader, &reader, &pack);
    }
    problems_clear(&ignored);
    yaml_clear(&yaml);
    buf_clear(&text);
}

static void load_directory(struct loader *loader, const char *directory)
{
    char *folder = mem_format("%s/no-principle", directory);
    struct files files = {0};
    if (access(folder, F_OK) == 0 && files_list(folder, &files, loader->problems)) {
        struct files packs = {0};
        struct problems ignored = {0};
        files_list(directory, &packs, &ignored);
        for (size_t i = 0; i < packs.count; i++) {
            load_head(loader, packs.names[i]);
        }
        problems_clear(&ignored);
        files_clear(&packs);
    }
    for (size_t i = 0; i < files.count; i++) {
        load_decisions(loader, files.names[i]);
    }
    files_clear(&files);
    free(folder);
}

bool decisions_load(const char *const *directories,
                    const struct record_shape *const *shapes,
                    const struct record_shape *only, struct decisions **decisions,
                    struct problems *problems)
{
    size_t before = problems->count;
    struct loader loader = {.shapes = shapes,
                            .only = only,
                            .decisions = mem_new(1, sizeof(**decisions)),
                            .problems = problems};
    loader.decisions->index.arena = &loader.decisions->arena;
    for (size_t i = 0; directories[i] != NULL; i++) {
        load_directory(&loader, directories[i]);
    }
    free(loader.packs);
    if (problems->count > before) {
        decisions_free(loader.decisions);
        return false;
    }
    *decisions = loader.decisions;
    return true;
}

void decisions_free(struct decisions *decisions)
{
    if (decisions != NULL) {
        free(decisions->items);
        arena_clear(&decisions->arena);
        free(decisions);
    }
}

const struct decision *decisions_all(const struct decisions *decisions, size_t *count)
{
    *count = decisions->count;
    return decisions->items;
}

const struct decision *decisions_find(const struct decisions *decisions,
                                      const struct record_shape *shape,
                                      struct bytes service, struct bytes operation)
{
    const struct decision_name *name =
        decision_index_find(&decisions->index, shape, service, operation);
    return name == NULL ? NULL : &decisions->items[name->number];
}
