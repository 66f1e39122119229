#include "mapping/pack.h"

#include "base/text.h"
#include "config/principle.h"
#include "mapping/privileged.h"

#include <string.h>

enum { SHAPES_SHOWN = 16, VERSION_SIZE_MAX = 64 };

static void read_shape(const struct reader *reader, const json_t *value,
                       const struct record_shape *const *shapes, struct pack *pack)
{
    const char *names[SHAPES_SHOWN];
    size_t count = 0;
    while (shapes[count] != NULL && count < SHAPES_SHOWN) {
        names[count] = shapes[count]->name;
        count++;
    }
    size_t chosen = reader_choice(reader, value, "the record shape", names, count);
    pack->shape = chosen < count ? shapes[chosen] : NULL;
}

static const char *read_version(const struct reader *reader, const json_t *value)
{
    static const char *const allowed = "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    const char *version = reader_text(reader, value, "version");
    if (version != NULL && (version[strspn(version, allowed)] != '\0' ||
                            strlen(version) > VERSION_SIZE_MAX)) {
        reader_fault(reader, value,
                     "version may hold at most %d letters, digits and "
                     "'.', '_', '+', '-'",
                     (int)VERSION_SIZE_MAX);
        return NULL;
    }
    return version;
}

static void check_cover(const struct reader *reader, const json_t *cover)
{
    static const struct reader_key keys[] = {
        {"level", true}, {"reason", false}, {NULL, false}};
    static const char *const levels[] = {"full", "partial", "none"};
    if (!reader_keys(reader, cover, "coverage entry", keys)) {
        return;
    }
    const json_t *reason = json_object_get(cover, "reason");
    size_t level = reader_choice(reader, json_object_get(cover, "level"), "level", levels,
                                 sizeof(levels) / sizeof(levels[0]));
    reader_text(reader, reason, "reason");
    if ((level == 1 || level == 2) && reason == NULL) {
        reader_fault(reader, cover, "level %s needs a reason; say what is missing",
                     levels[level]);
    }
}

static void check_coverage(const struct reader *reader, const json_t *coverage)
{
    if (coverage == NULL) {
        return;
    }
    if (!json_is_object(coverage)) {
        reader_fault(reader, coverage, "coverage is a mapping: {2a: {level: full}}");
        return;
    }
    const char *ref = NULL;
    json_t *cover = NULL;
    json_object_foreach((json_t *)coverage, ref, cover)
    {
        if (strcmp(ref, "3d") == 0) {
            reader_fault_key(reader, coverage, ref,
                             "there is no 3d: the published list goes from 3c to 3e; "
                             "remove it");
        } else if (principle_find(ref) == NULL) {
            reader_fault_key(reader, coverage, ref,
                             "no principle \"%s\"; they go from 1a to 7a", ref);
        }
        check_cover(reader, cover);
    }
}

static void read_outcome(const struct reader *reader, const json_t *object,
                         struct pack_outcome *outcome)
{
    static const struct reader_key keys[] = {
        {"is", true}, {"when", false}, {NULL, false}};
    static const char *const names[] = {
        [OUTCOME_UNKNOWN] = "unknown",
        [OUTCOME_SUCCESS] = "success",
        [OUTCOME_FAILURE] = "failure",
    };
    outcome->place = yaml_place(reader->yaml, object);
    if (!reader_keys(reader, object, "outcome", keys)) {
        return;
    }
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    size_t is =
        reader_choice(reader, json_object_get(object, "is"), "outcome", names, NAMES);
    outcome->is = is == NAMES ? OUTCOME_UNKNOWN : (enum event_outcome)is;
    const json_t *when = json_object_get(object, "when");
    outcome->when = conditions_read(reader, when);
    outcome->is_always = when == NULL;
}

static void read_outcomes(const struct reader *reader, const json_t *list,
                          struct pack *pack)
{
    if (list == NULL) {
        return;
    }
    if (!json_is_array(list)) {
        reader_fault(reader, list, "outcome is a list of {is: ..., when: {...}}");
        return;
    }
    size_t count = json_array_size(list);
    pack->outcomes = arena_alloc(reader->arena, count, sizeof(*pack->outcomes));
    pack->outcome_count = count;
    for (size_t i = 0; i < count; i++) {
        read_outcome(reader, json_array_get(list, i), &pack->outcomes[i]);
    }
}

static void read_rules(const struct reader *reader, const json_t *list, struct pack *pack)
{
    if (list == NULL) {
        return;
    }
    if (!json_is_array(list)) {
        reader_fault(reader, list, "rules is a list; begin each rule with \"- id: ...\"");
        return;
    }
    size_t count = json_array_size(list);
    pack->rules = arena_alloc(reader->arena, count, sizeof(*pack->rules));
    pack->rule_count = count;
    for (size_t i = 0; i < count; i++) {
        pack_rule_read(reader, json_array_get(list, i), pack, &pack->rules[i]);
    }
}

void pack_read_head(const struct reader *reader, const struct record_shape *const *shapes,
                    struct pack *pack)
{
    const json_t *root = reader->yaml->root;
    pack->name = reader_name(reader, json_object_get(root, "pack"), "pack");
    pack->version = read_version(reader, json_object_get(root, "version"));
    read_shape(reader, json_object_get(root, "records"), shapes, pack);
    reader_text(reader, json_object_get(root, "description"), "description");
}

void pack_check_version(const struct pack *pack, const struct pack *other,
                        struct problems *problems)
{
    if (pack->name == NULL || other->name == NULL ||
        strcmp(pack->name, other->name) != 0 || pack->version == NULL ||
        other->version == NULL || strcmp(pack->version, other->version) == 0) {
        return;
    }
    problems_add(problems, pack->file, pack->place.line, pack->place.column,
                 "pack \"%s\" has version %s here and %s at %s:%d; files of one pack say "
                 "the same version",
                 pack->name, pack->version, other->version, other->file,
                 other->place.line);
}

static void refuse_decisions(const struct reader *reader, const json_t *root)
{
    if (json_object_get(root, "no_principle") != NULL) {
        reader_fault_key(reader, root, "no_principle",
                         "no_principle stands in files of its own; move it to a file in "
                         "the folder no-principle beside this one");
    }
}

static void read_members(const struct reader *reader,
                         const struct record_shape *const *shapes, struct pack *pack)
{
    static const struct reader_key keys[] = {
        {"pack", true},        {"records", true},      {"version", true},
        {"rules", false},      {"description", false}, {"coverage", false},
        {"fields", false},     {"outcome", false},     {"no_principle", false},
        {"privileged", false}, {NULL, false},
    };
    const json_t *root = reader->yaml->root;
    pack->place = yaml_place(reader->yaml, root);
    if (!reader_keys(reader, root, "pack", keys)) {
        return;
    }
    pack_read_head(reader, shapes, pack);
    refuse_decisions(reader, root);
    check_coverage(reader, json_object_get(root, "coverage"));
    pack->fields = pack_fields_read(reader, json_object_get(root, "fields"));
    pack->privileged = privileged_read(reader, json_object_get(root, "privileged"));
    read_outcomes(reader, json_object_get(root, "outcome"), pack);
    read_rules(reader, json_object_get(root, "rules"), pack);
}

void pack_read(const struct yaml *yaml, const struct record_shape *const *shapes,
               struct arena *arena, struct pack *pack, struct problems *problems)
{
    *pack = (struct pack){.file = arena_text(arena, yaml->file)};
    if (yaml->root == NULL) {
        problems_add(problems, yaml->file, 0, 0,
                     "is empty; a pack begins with \"pack: NAME\"");
        return;
    }
    struct reader reader = {
        .yaml = yaml, .arena = arena, .problems = problems, .paths = paths_new()};
    read_members(&reader, shapes, pack);
    paths_free(reader.paths);
}
