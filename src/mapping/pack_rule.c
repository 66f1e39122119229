#include "mapping/pack.h"

#include "base/text.h"
#include "config/principle.h"

#include <string.h>

enum { RULE_NAMES_MAX = 4096 };

const char *const change_names[CHANGE_COUNT] = {
    [CHANGE_NONE] = "none",     [CHANGE_CREATE] = "create", [CHANGE_MODIFY] = "modify",
    [CHANGE_DELETE] = "delete", [CHANGE_ADD] = "add",       [CHANGE_REMOVE] = "remove",
    [CHANGE_START] = "start",   [CHANGE_STOP] = "stop",     [CHANGE_RESTART] = "restart",
};

static const char *nearest_field(const char *name)
{
    const char *names[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        names[i] = fields[i].name;
    }
    return text_nearest(name, names, FIELD_COUNT);
}

static void check_paths(const struct reader *reader, const json_t *value,
                        const struct texts *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct error err = {0};
        if (!reader_path(reader, paths->items[i], &err)) {
            const json_t *place = json_is_array(value) ? json_array_get(value, i) : value;
            reader_fault(reader, place, "%s", err.text);
        }
    }
}

size_t pack_field_find(const struct reader *reader, const json_t *object,
                       const char *name)
{
    size_t field = field_find(name);
    if (field < FIELD_COUNT) {
        return field;
    }
    const char *nearest = nearest_field(name);
    if (nearest != NULL) {
        reader_fault_key(reader, object, name, "no field \"%s\"; did you mean \"%s\"?",
                         name, nearest);
    } else {
        reader_fault_key(reader, object, name,
                         "no field \"%s\"; docs/event.md lists what a pack may fill",
                         name);
    }
    return FIELD_COUNT;
}

struct pack_fields pack_fields_read(const struct reader *reader, const json_t *object)
{
    struct pack_fields read = {0};
    if (object == NULL) {
        return read;
    }
    if (!json_is_object(object)) {
        reader_fault(reader, object, "fields is a mapping: {user.name: path}");
        return read;
    }
    read.items =
        arena_alloc(reader->arena, json_object_size(object), sizeof(*read.items));
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value)
    {
        struct texts paths = reader_texts(reader, value, "the path of a field");
        check_paths(reader, value, &paths);
        size_t field = pack_field_find(reader, object, name);
        if (field < FIELD_COUNT && paths.count > 0) {
            read.items[read.count++] = (struct pack_field){field, paths};
        }
    }
    return read;
}

static void refuse_principle(const struct reader *reader, const json_t *value,
                             const char *ref)
{
    if (strcmp(ref, "3d") == 0) {
        reader_fault(reader, value,
                     "there is no 3d: the published list goes from 3c "
                     "to 3e; name another principle");
        return;
    }
    const char *refs[PRINCIPLE_COUNT];
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        refs[i] = principles[i].ref;
    }
    const char *nearest = text_nearest(ref, refs, PRINCIPLE_COUNT);
    if (nearest != NULL) {
        reader_fault(reader, value, "no principle \"%s\"; did you mean \"%s\"?", ref,
                     nearest);
    } else {
        reader_fault(reader, value, "no principle \"%s\"; they go from 1a to 7a", ref);
    }
}

/* An empty list is a decision too: the operation is known and answers no principle. */
uint32_t pack_principles_read(const struct reader *reader, const json_t *list)
{
    if (list == NULL) {
        return 0;
    }
    if (!json_is_array(list)) {
        reader_fault(reader, list, "principles is a list: [2b]");
        return 0;
    }
    uint32_t bits = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *ref = reader_text(reader, item, "a principle");
        const struct principle *principle = ref == NULL ? NULL : principle_find(ref);
        if (principle != NULL) {
            bits |= principle_bit(principle);
        } else if (ref != NULL) {
            refuse_principle(reader, item, ref);
        }
    }
    return bits;
}

struct texts pack_services_read(const struct reader *reader, const json_t *object,
                                const struct pack *pack)
{
    static const char *const nameless[] = {"", NULL};
    const json_t *value = json_object_get(object, "service");
    if (pack->shape != NULL &&
        (pack->shape->service_path == NULL || pack->shape->any_service)) {
        if (value != NULL) {
            reader_fault(reader, value, "records of \"%s\" name no service; remove it",
                         pack->shape->name);
        }
        return (struct texts){nameless, 1};
    }
    if (value == NULL && pack->shape != NULL) {
        reader_fault(reader, object, "there is no \"service\" here; add it");
    }
    struct texts services = reader_texts(reader, value, "service");
    for (size_t i = 0; i < services.count; i++) {
        if (strchr(services.items[i], '*') != NULL) {
            reader_fault(reader, value,
                         "service \"%s\": '*' may stand only in operations; name each "
                         "service",
                         services.items[i]);
        }
    }
    return services;
}

static struct texts read_operations(const struct reader *reader, const json_t *object,
                                    size_t service_count)
{
    const json_t *value = json_object_get(object, "operations");
    struct texts operations = reader_list(reader, value, "operations");
    for (size_t i = 0; i < operations.count; i++) {
        if (strlen(operations.items[i]) > PACK_OPERATION_SIZE_MAX) {
            reader_fault(reader, value,
                         "an operation is longer than %d bytes; write a "
                         "shorter pattern with '*'",
                         (int)PACK_OPERATION_SIZE_MAX);
            return (struct texts){0};
        }
    }
    if (operations.count * service_count > RULE_NAMES_MAX) {
        reader_fault(reader, value,
                     "services times operations is more than %d; write "
                     "several rules",
                     (int)RULE_NAMES_MAX);
        return (struct texts){0};
    }
    return operations;
}

/* Whoever touches the evidence answers principle 6, so a rule that says so has it. */
static bool read_tamper(const struct reader *reader, const json_t *object,
                        uint32_t letters)
{
    static const char *const answers[] = {"true"};
    const json_t *value = json_object_get(object, "tamper");
    if (value == NULL || reader_choice(reader, value, "tamper", answers, 1) != 0) {
        return false;
    }
    if ((letters & principle_bit(principle_find("6"))) == 0) {
        reader_fault_key(reader, object, "tamper",
                         "tamper is for rules of principle 6; add it to principles, or "
                         "remove tamper");
    }
    return true;
}

/* What the operation itself tells, where the packs' lists cannot. */
static enum privileged read_privileged(const struct reader *reader, const json_t *object,
                                       uint32_t letters)
{
    enum { FIRST = PRIVILEGED_TRUE, NAMES = PRIVILEGED_COUNT - FIRST };
    const json_t *value = json_object_get(object, "privileged");
    size_t chosen =
        reader_choice(reader, value, "privileged", privileged_names + FIRST, NAMES);
    if (chosen == NAMES) {
        return PRIVILEGED_NONE;
    }
    if ((letters & principle_group('2')) == 0) {
        reader_fault_key(reader, object, "privileged",
                         "privileged is for rules of principle 2a, 2b or 2c; remove it");
    }
    return (enum privileged)(chosen + FIRST);
}

/* They are read where they are tried: mapping/example.h. */
static void check_examples(const struct reader *reader, const json_t *list)
{
    if (list != NULL && (!json_is_array(list) || json_array_size(list) == 0)) {
        reader_fault(reader, list,
                     "examples is a list; begin each with \"- record: {...}\"");
    }
}

static size_t count_paths(const struct pack_rule *rule)
{
    size_t count = rule->when.count;
    for (size_t i = 0; i < rule->fields.count; i++) {
        count += rule->fields.items[i].paths.count;
    }
    return count;
}

void pack_rule_read(const struct reader *reader, const json_t *object,
                    const struct pack *pack, struct pack_rule *rule)
{
    static const struct reader_key keys[] = {
        {"id", true},        {"principles", true},    {"operations", true},
        {"service", false},  {"replaces", false},     {"action", false},
        {"change", false},   {"requirements", false}, {"why", false},
        {"fields", false},   {"when", false},         {"tamper", false},
        {"examples", false}, {"privileged", false},   {NULL, false},
    };
    rule->place = yaml_place(reader->yaml, object);
    if (!reader_keys(reader, object, "rule", keys)) {
        return;
    }
    const json_t *change = json_object_get(object, "change");
    size_t chosen = reader_choice(reader, change, "change", change_names, CHANGE_COUNT);
    rule->rule = (struct rule){
        .id = reader_name(reader, json_object_get(object, "id"), "id"),
        .pack = pack->name,
        .file = pack->file,
        .line = rule->place.line,
        .principles = pack_principles_read(reader, json_object_get(object, "principles")),
        .action = reader_name(reader, json_object_get(object, "action"), "action"),
        .change = chosen == CHANGE_COUNT ? CHANGE_NONE : (enum change)chosen,
        .requirements =
            reader_list(reader, json_object_get(object, "requirements"), "requirements")
                .items,
    };
    rule->rule.privileged = read_privileged(reader, object, rule->rule.principles);
    rule->rule.is_tamper = read_tamper(reader, object, rule->rule.principles);
    rule->why = reader_text(reader, json_object_get(object, "why"), "why");
    rule->replaces = reader_name(reader, json_object_get(object, "replaces"), "replaces");
    rule->services = pack_services_read(reader, object, pack);
    rule->operations = read_operations(reader, object, rule->services.count);
    rule->when = conditions_read(reader, json_object_get(object, "when"));
    rule->fields = pack_fields_read(reader, json_object_get(object, "fields"));
    rule->path_count = count_paths(rule);
    check_examples(reader, json_object_get(object, "examples"));
}
