#include "mapping/privileged.h"

#include "base/text.h"
#include "mapping/compiled.h"
#include "mapping/operation.h"

const char *const privileged_names[PRIVILEGED_COUNT] = {
    [PRIVILEGED_NONE] = "",
    [PRIVILEGED_TRUE] = "true",
    [PRIVILEGED_FALSE] = "false",
    [PRIVILEGED_UNKNOWN] = "unknown",
};

struct privileged_glob {
    struct bytes pattern;
    bool has_path; /* a '/' or ':': then the whole text is meant */
    struct privileged_glob *next;
};

/* What is at work while one event is judged. */
struct judge {
    const struct mapping *mapping;
    const struct match *match;
    struct buf scratch; /* an unescaped text */
    struct buf folded;
    bool has_value; /* the event shows something that a list speaks of */
};

static struct texts read_names(const struct reader *reader, const json_t *value,
                               const char *what)
{
    struct texts names = reader_list(reader, value, what);
    for (size_t i = 0; i < names.count; i++) {
        if (names.items[i][strspn(names.items[i], "*")] == '\0') {
            reader_fault(reader, value,
                         "\"%s\" would make every name privileged; write names",
                         names.items[i]);
        }
    }
    return names;
}

struct pack_privileged privileged_read(const struct reader *reader, const json_t *object)
{
    static const struct reader_key keys[] = {
        {"roles", false}, {"groups", false}, {NULL, false}};
    if (object == NULL) {
        return (struct pack_privileged){0};
    }
    if (!json_is_object(object) || json_object_size(object) == 0) {
        reader_fault(reader, object,
                     "privileged is a mapping: {roles: [...], groups: [...]}");
        return (struct pack_privileged){0};
    }
    reader_keys(reader, object, "privileged mapping", keys);
    return (struct pack_privileged){
        read_names(reader, json_object_get(object, "roles"), "roles"),
        read_names(reader, json_object_get(object, "groups"), "groups"),
    };
}

static void add_name(struct privileged_list *list, const char *text, bool fold_case,
                     struct arena *arena)
{
    char *name = arena_text(arena, text);
    if (fold_case) {
        operation_fold((uint8_t *)name, strlen(name));
    }
    if (strchr(name, '*') != NULL) {
        struct privileged_glob *glob = arena_alloc(arena, 1, sizeof(*glob));
        glob->pattern = bytes_of(name);
        glob->has_path = strpbrk(name, "/:") != NULL;
        glob->next = list->globs;
        list->globs = glob;
    } else if (lookup_find(&list->names, bytes_of(name)) == NULL) {
        lookup_add(&list->names, arena, bytes_of(name), name);
    }
}

static void add_names(struct privileged_list *list, const struct texts *names,
                      bool fold_case, struct arena *arena)
{
    for (size_t i = 0; i < names->count; i++) {
        add_name(list, names->items[i], fold_case, arena);
    }
}

void privileged_add(struct privileged_lists *lists, const struct pack *pack,
                    bool fold_case, struct arena *arena)
{
    add_names(&lists->roles, &pack->privileged.roles, fold_case, arena);
    add_names(&lists->groups, &pack->privileged.groups, fold_case, arena);
}

static bool is_empty(const struct privileged_list *list)
{
    return list->names.count == 0 && list->globs == NULL;
}

/* What stands behind the last '/'. */
static struct bytes tail_of(struct bytes text)
{
    size_t at = text.size;
    while (at > 0 && text.data[at - 1] != '/') {
        at--;
    }
    return (struct bytes){text.data + at, text.size - at};
}

static bool is_listed(const struct privileged_list *list, struct bytes text)
{
    struct bytes tail = tail_of(text);
    bool has_tail = tail.size > 0 && memchr(tail.data, ':', tail.size) == NULL;
    if (lookup_find(&list->names, text) != NULL ||
        (has_tail && lookup_find(&list->names, tail) != NULL)) {
        return true;
    }
    const struct privileged_glob *glob = list->globs;
    while (glob != NULL && !text_matches_glob(text, glob->pattern) &&
           (glob->has_path || !text_matches_glob(tail, glob->pattern))) {
        glob = glob->next;
    }
    return glob != NULL;
}

static bool is_privileged(struct judge *judge, const struct privileged_list *list,
                          const struct value *value)
{
    struct bytes text = {0};
    if (value == NULL || is_empty(list) ||
        !condition_text(value, &judge->scratch, &text) || text.size == 0) {
        return false;
    }
    judge->has_value = true;
    if (judge->mapping->shape->fold_case) {
        judge->folded.size = 0;
        buf_add_bytes(&judge->folded, text);
        operation_fold(judge->folded.data, judge->folded.size);
        text = buf_bytes(&judge->folded);
    }
    return is_listed(list, text);
}

static bool has_field(struct judge *judge, const struct privileged_list *list,
                      size_t place)
{
    const struct value *value = judge->match->fields[place];
    while (value != NULL && !is_privileged(judge, list, value)) {
        value = values_next(judge->match->field_values[place], value);
    }
    return value != NULL;
}

static bool has_change(struct judge *judge)
{
    const struct privileged_list *roles = &judge->mapping->privileged.roles;
    if (judge->match->changes.list.size == 0 || is_empty(roles)) {
        return false;
    }
    bool is_found = false;
    struct changes_walk walk;
    struct change_item change;
    changes_start(&walk, &judge->match->changes);
    while (!is_found && changes_next(&walk, &change)) {
        is_found = is_privileged(judge, roles, change.role);
    }
    changes_end(&walk);
    return is_found;
}

static enum privileged judge_event(struct judge *judge)
{
    static const size_t roles[] = {FIELD_MOJ_ROLE_ID, FIELD_MOJ_ROLE_NAME,
                                   FIELD_MOJ_DETAIL_POLICY};
    static const size_t groups[] = {FIELD_GROUP_ID, FIELD_GROUP_NAME};
    const struct privileged_lists *lists = &judge->mapping->privileged;
    bool is_found = has_change(judge);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        is_found = is_found || has_field(judge, &lists->roles, roles[i]);
    }
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        is_found = is_found || has_field(judge, &lists->groups, groups[i]);
    }
    if (is_found) {
        return PRIVILEGED_TRUE;
    }
    return judge->has_value ? PRIVILEGED_FALSE : PRIVILEGED_UNKNOWN;
}

enum privileged mapping_privileged(const struct mapping *mapping,
                                   const struct match *match)
{
    if ((match->principles & mapping->role_principles) == 0) {
        return PRIVILEGED_NONE;
    }
    for (size_t i = 0; i < match->rule_count; i++) {
        if (match->rules[i]->privileged != PRIVILEGED_NONE) {
            return match->rules[i]->privileged;
        }
    }
    struct judge judge = {.mapping = mapping, .match = match};
    buf_init(&judge.scratch, RECORD_SIZE_MAX);
    buf_init(&judge.folded, RECORD_SIZE_MAX);
    enum privileged privileged = judge_event(&judge);
    buf_clear(&judge.scratch);
    buf_clear(&judge.folded);
    return privileged;
}
