#include "mapping/lint.h"

#include "base/mem.h"
#include "base/text.h"
#include "mapping/operation.h"

#include <stdlib.h>

/* True when condition holds only where its path finds a value. */
static bool wants_value(const struct condition *condition)
{
    return !condition->is_negated;
}

/* True when what path finds lies inside what outer finds. */
static bool is_inside(const char *path, const char *outer)
{
    size_t size = strlen(outer);
    return strncmp(path, outer, size) == 0 && (path[size] == '.' || path[size] == '[');
}

/* Of several elements, one may be a text and another an object. */
static bool finds_one(const char *path)
{
    return strchr(path, '[') == NULL;
}

/* True when outer, whose path leads to inner's, leaves nothing there to be found. */
static bool excludes(const struct condition *outer, const struct condition *inner)
{
    if (!wants_value(inner) || !is_inside(inner->path, outer->path)) {
        return false;
    }
    return outer->kind == CONDITION_EXISTS ? outer->is_negated
                                           : !outer->is_negated && finds_one(outer->path);
}

/* True when path is one of the spellings, which '|' parts. */
static bool is_spelling(const char *path, const char *spellings)
{
    size_t size = strlen(path);
    while (spellings != NULL) {
        const char *end = strchr(spellings, '|');
        size_t length = end == NULL ? strlen(spellings) : (size_t)(end - spellings);
        if (length == size && strncmp(path, spellings, size) == 0) {
            return true;
        }
        spellings = end == NULL ? NULL : end + 1;
    }
    return false;
}

static char *spell(const struct record_shape *shape, const char *text)
{
    char *name = mem_dup(text);
    operation_spell(shape, name);
    return name;
}

/* True when a rule for these operations can meet a record of the one called text. */
static bool can_be(const struct pack_rule *rule, const struct record_shape *shape,
                   const char *text)
{
    char *wanted = spell(shape, text);
    bool is_met = false;
    for (size_t i = 0; i < rule->operations.count && !is_met; i++) {
        char *name = spell(shape, rule->operations.items[i]);
        is_met = text_matches_glob(bytes_of(wanted), bytes_of(name));
        free(name);
    }
    free(wanted);
    return is_met;
}

/* True when condition wants another operation than those that the rule is for. */
static bool wants_other(const struct pack_rule *rule, const struct record_shape *shape,
                        const struct condition *condition)
{
    if (condition->kind != CONDITION_ANY_OF || condition->is_negated ||
        !is_spelling(condition->path, shape->operation_path)) {
        return false;
    }
    for (size_t i = 0; i < condition->texts.count; i++) {
        if (can_be(rule, shape, condition->texts.items[i])) {
            return false;
        }
    }
    return true;
}

static void describe(const struct condition *condition, struct buf *told)
{
    buf_addf(told, "%s ", condition->path);
    condition_describe(condition, told);
}

/* The condition of rule that outer leaves without anything to find; or NULL. */
static const struct condition *find_excluded(const struct pack_rule *rule,
                                             const struct condition *outer)
{
    for (size_t i = 0; i < rule->when.count; i++) {
        if (excludes(outer, &rule->when.items[i])) {
            return &rule->when.items[i];
        }
    }
    return NULL;
}

bool lint_contradicts(const struct pack_rule *rule, const struct record_shape *shape,
                      struct buf *told)
{
    for (size_t i = 0; i < rule->when.count; i++) {
        const struct condition *outer = &rule->when.items[i];
        const struct condition *inner = find_excluded(rule, outer);
        if (wants_other(rule, shape, outer)) {
            describe(outer, told);
            buf_add_text(told, ", which is none of its operations");
            return true;
        }
        if (inner != NULL) {
            describe(outer, told);
            buf_add_text(told, ", so that nothing is there when ");
            describe(inner, told);
            return true;
        }
    }
    return false;
}
