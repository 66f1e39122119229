#include "mapping/lint.h"

#include "base/mem.h"
#include "mapping/operation.h"

#include <stdlib.h>

/* What is at work while the rules of one shape are looked at. */
struct linter {
    const struct verdict_packs *packs;
    struct problems *findings;
    struct arena arena;
    struct lookup meanings; /* what a rule says, to the first that says it */
};

static void tell(const struct linter *linter, const struct pack_rule *rule,
                 const struct pack_rule *other, const char *what, const char *remedy)
{
    problems_add(linter->findings, rule->rule.file, rule->place.line, rule->place.column,
                 "rule \"%s\" %s rule \"%s\" (%s:%d)%s", rule->rule.id, what,
                 other->rule.id, other->rule.file, other->place.line, remedy);
}

static bool has_text(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_all_texts(const struct texts *all, const struct texts *some)
{
    for (size_t i = 0; i < some->count; i++) {
        if (!has_text(all, some->items[i])) {
            return false;
        }
    }
    return true;
}

static bool has_rule(const struct plan *plan, const struct pack_rule *rule,
                     const char *operation)
{
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        if (plan->candidates[i].rule == rule &&
            plan_is_named(&plan->candidates[i], bytes_of(operation))) {
            return true;
        }
    }
    return false;
}

/* The plan for an operation as a rule writes it, and how it is looked up: *name. */
static const struct plan *find_plan(const struct linter *linter, const char *service,
                                    const char *operation, char **name)
{
    const struct mapping *mapping = linter->packs->mapping;
    char *key = mem_dup(service);
    *name = mem_dup(operation);
    operation_fold((uint8_t *)key, mapping->shape->fold_case ? strlen(key) : 0);
    operation_spell(mapping->shape, *name);
    const struct plan *plan = verdict_plan(mapping, key, *name);
    free(key);
    return plan;
}

/* True when other names operation of service too. */
static bool is_named_by(const struct linter *linter, const struct pack_rule *other,
                        const char *service, const char *operation)
{
    if (strchr(operation, '*') != NULL) {
        return has_text(&other->services, service) &&
               has_text(&other->operations, operation);
    }
    char *name = NULL;
    const struct plan *plan = find_plan(linter, service, operation, &name);
    bool is_named = has_rule(plan, other, name);
    free(name);
    return is_named;
}

static bool names_all_of(const struct linter *linter, const struct pack_rule *other,
                         const struct pack_rule *rule)
{
    const size_t operations = rule->operations.count;
    for (size_t i = 0; i < rule->services.count * operations; i++) {
        if (!is_named_by(linter, other, rule->services.items[i / operations],
                         rule->operations.items[i % operations])) {
            return false;
        }
    }
    return true;
}

static bool is_same_condition(const struct condition *left, const struct condition *right)
{
    return strcmp(left->path, right->path) == 0 && left->kind == right->kind &&
           left->is_negated == right->is_negated &&
           has_all_texts(&left->texts, &right->texts) &&
           has_all_texts(&right->texts, &left->texts);
}

/* True when all conditions of other are among those of rule. */
static bool holds_whenever(const struct pack_rule *other, const struct pack_rule *rule)
{
    size_t held = 0;
    for (size_t i = 0; i < other->when.count; i++) {
        for (size_t j = 0; j < rule->when.count; j++) {
            held += is_same_condition(&other->when.items[i], &rule->when.items[j]);
        }
    }
    return held == other->when.count;
}

static const struct pack_field *find_field(const struct pack_rule *rule, size_t field)
{
    for (size_t i = 0; i < rule->fields.count; i++) {
        if (rule->fields.items[i].field == field) {
            return &rule->fields.items[i];
        }
    }
    return NULL;
}

static bool is_filled_by(const struct pack_rule *other, const struct pack_field *field)
{
    const struct pack_field *same = find_field(other, field->field);
    return same != NULL && has_all_texts(&same->paths, &field->paths);
}

static size_t count_filled(const struct pack_rule *other, const struct pack_rule *rule)
{
    size_t count = 0;
    for (size_t i = 0; i < rule->fields.count; i++) {
        count += is_filled_by(other, &rule->fields.items[i]);
    }
    return count;
}

static bool has_requirement(const struct rule *rule, const char *wanted)
{
    const char *const *one = rule->requirements;
    for (; one != NULL && *one != NULL; one++) {
        if (strcmp(*one, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* True when an event that other matched would be the same without rule. */
static bool says_as_much(const struct pack_rule *other, const struct pack_rule *rule)
{
    const struct rule *said = &other->rule;
    const struct rule *one = &rule->rule;
    const char *const *requirement = one->requirements;
    for (; requirement != NULL && *requirement != NULL; requirement++) {
        if (!has_requirement(said, *requirement)) {
            return false;
        }
    }
    return (one->principles & ~said->principles) == 0 &&
           (one->action == NULL || said->action != NULL) &&
           (one->change == CHANGE_NONE || said->change != CHANGE_NONE) &&
           (!one->is_tamper || said->is_tamper) && one->privileged == said->privileged &&
           count_filled(other, rule) == rule->fields.count;
}

static void tell_fields(const struct linter *linter, const struct pack_rule *other,
                        const struct pack_rule *rule)
{
    for (size_t i = 0; i < rule->fields.count; i++) {
        const struct pack_field *field = &rule->fields.items[i];
        if (is_filled_by(other, field)) {
            char *what =
                mem_format("never fills \"%s\": it is filled from the same path by",
                           fields[field->field].name);
            tell(linter, rule, other, what, ", which comes first; remove the field");
            free(what);
        }
    }
}

/* What other, which comes before rule, leaves for it to say. */
static bool compare(const struct linter *linter, const struct pack_rule *other,
                    const struct pack_rule *rule)
{
    if (!holds_whenever(other, rule) || !names_all_of(linter, other, rule)) {
        return false;
    }
    if (says_as_much(other, rule)) {
        tell(linter, rule, other, "changes nothing: whenever it matches, so does",
             ", which says as much; remove it");
        return true;
    }
    tell_fields(linter, other, rule);
    return false;
}

/* Whoever names all operations of rule names its first. */
static void check_earlier(const struct linter *linter, const struct pack_rule *rule)
{
    char *name = NULL;
    const struct plan *plan =
        find_plan(linter, rule->services.items[0], rule->operations.items[0], &name);
    free(name);
    bool is_told = false;
    for (size_t i = 0; plan != NULL && i < plan->count && !is_told; i++) {
        const struct pack_rule *other = plan->candidates[i].rule;
        is_told = other->order < rule->order && compare(linter, other, rule);
    }
}

static void add_texts(struct buf *out, const struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        buf_addf(out, "%s\n", texts->items[i]);
    }
}

/* All that rule says, but for the operations that it says it of. */
static void add_meaning(struct buf *out, const struct pack_rule *rule)
{
    const char *const *requirement = rule->rule.requirements;
    buf_addf(
        out, "%s\n%s\n%x %d %d %d\n", rule->rule.action == NULL ? "" : rule->rule.action,
        rule->why == NULL ? "" : rule->why, rule->rule.principles, (int)rule->rule.change,
        (int)rule->rule.is_tamper, (int)rule->rule.privileged);
    for (; requirement != NULL && *requirement != NULL; requirement++) {
        buf_addf(out, "%s\n", *requirement);
    }
    for (size_t i = 0; i < rule->when.count; i++) {
        buf_addf(out, "%s ", rule->when.items[i].path);
        condition_describe(&rule->when.items[i], out);
    }
    for (size_t i = 0; i < rule->fields.count; i++) {
        buf_addf(out, "%zu ", rule->fields.items[i].field);
        add_texts(out, &rule->fields.items[i].paths);
    }
    add_texts(out, &rule->services);
}

static void check_meaning(struct linter *linter, struct pack_rule *rule)
{
    struct buf meaning;
    buf_init(&meaning, SIZE_MAX / 2);
    add_meaning(&meaning, rule);
    const struct pack_rule *first = lookup_find(&linter->meanings, buf_bytes(&meaning));
    if (first != NULL && strcmp(first->rule.file, rule->rule.file) == 0) {
        tell(linter, rule, first, "says the same as",
             " of other operations; write them in one rule");
    } else if (first == NULL) {
        const char *kept = arena_text(&linter->arena, buf_text(&meaning));
        lookup_add(&linter->meanings, &linter->arena, bytes_of(kept), rule);
    }
    buf_clear(&meaning);
}

static void check_alone(const struct linter *linter, const struct pack_rule *rule)
{
    struct buf told;
    buf_init(&told, SIZE_MAX / 2);
    const struct rule *said = &rule->rule;
    if (lint_contradicts(rule, linter->packs->mapping->shape, &told)) {
        problems_add(linter->findings, said->file, rule->place.line, rule->place.column,
                     "rule \"%s\" never matches: %s", said->id, buf_text(&told));
    } else if (said->principles == 0 && said->action == NULL && !said->is_tamper &&
               said->change == CHANGE_NONE && said->requirements == NULL &&
               rule->fields.count == 0) {
        problems_add(linter->findings, said->file, rule->place.line, rule->place.column,
                     "rule \"%s\" changes no event; that an operation answers no "
                     "principle is said by no_principle, in the folder no-principle",
                     said->id);
    }
    buf_clear(&told);
}

/* Tells that a decision and a rule say different things of one operation. */
static void tell_decision(const struct linter *linter, const struct decision *decision,
                          const struct pack_rule *rule, const char *operation)
{
    problems_add(linter->findings, decision->file, decision->place.line,
                 decision->place.column,
                 "\"%s\" is said to answer no principle, and rule \"%s\" (%s:%d) always "
                 "maps it; remove one of them",
                 operation, rule->rule.id, rule->rule.file, rule->place.line);
}

static const struct pack_rule *find_certain(const struct plan *plan,
                                            const char *operation)
{
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        const struct pack_rule *rule = plan->candidates[i].rule;
        if (rule->rule.principles != 0 && rule->when.count == 0 &&
            plan_is_named(&plan->candidates[i], bytes_of(operation))) {
            return rule;
        }
    }
    return NULL;
}

static void check_decision(const struct linter *linter, const struct decision *decision,
                           const char *service)
{
    for (size_t i = 0; i < decision->operations.count; i++) {
        const char *operation = decision->operations.items[i];
        char *name = NULL;
        const struct plan *plan = find_plan(linter, service, operation, &name);
        const struct pack_rule *rule =
            strchr(operation, '*') == NULL ? find_certain(plan, name) : NULL;
        if (rule != NULL) {
            tell_decision(linter, decision, rule, operation);
        }
        free(name);
    }
}

static void check_decisions(const struct linter *linter)
{
    size_t count = 0;
    const struct decision *all = decisions_all(linter->packs->decisions, &count);
    for (size_t i = 0; i < count; i++) {
        bool is_ours =
            strcmp(all[i].shape->name, linter->packs->mapping->shape->name) == 0;
        for (size_t j = 0; is_ours && j < all[i].services.count; j++) {
            check_decision(linter, &all[i], all[i].services.items[j]);
        }
    }
}

void lint_rules(const struct verdict_packs *packs, struct problems *findings)
{
    struct linter linter = {.packs = packs, .findings = findings};
    for (size_t i = 0; i < packs->mapping->rule_count; i++) {
        struct pack_rule *rule = packs->mapping->rules[i];
        check_alone(&linter, rule);
        check_earlier(&linter, rule);
        check_meaning(&linter, rule);
    }
    check_decisions(&linter);
    arena_clear(&linter.arena);
}
