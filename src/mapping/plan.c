#include "base/text.h"
#include "mapping/compiled.h"
#include "mapping/operation.h"

#include <stdint.h>

enum { NAMES_MAX = 200000, GLOBS_MAX = 128 };

/* What is at work while the rules of one mapping are laid out. */
struct planner {
    struct mapping *mapping;
    struct arena *arena;
    struct problems *problems;
    struct service **services_end;
    struct plan **first_plans; /* by the order of their first rule */
    size_t name_count;
};

static void fault(const struct planner *planner, const struct pack_rule *rule,
                  const char *what, const char *service, const char *operation)
{
    problems_add(planner->problems, rule->rule.file, rule->place.line, rule->place.column,
                 "%s (service \"%s\"%s%s)", what, service,
                 operation == NULL ? "" : ", operation ",
                 operation == NULL ? "" : operation);
}

/* A service or a pattern as it is looked up: in lower case for shapes that fold. */
static const char *fold(const struct planner *planner, const char *text)
{
    char *name = arena_text(planner->arena, text);
    if (planner->mapping->shape->fold_case) {
        operation_fold((uint8_t *)name, strlen(name));
    }
    return name;
}

static void append(struct arena *arena, struct candidate **list, size_t *count,
                   const struct candidate *candidate)
{
    if ((*count & (*count - 1)) == 0) { /* full at each power of two */
        size_t room = *count == 0 ? 1 : 2 * *count;
        struct candidate *wider = arena_alloc(arena, room, sizeof(*wider));
        if (*count > 0) {
            memcpy(wider, *list, *count * sizeof(*wider));
        }
        *list = wider;
    }
    (*list)[(*count)++] = *candidate;
}

static struct service *add_service(struct planner *planner, const char *text)
{
    const char *name = fold(planner, text);
    struct lookup *by_service = &planner->mapping->by_service;
    struct service *service = lookup_find(by_service, bytes_of(name));
    if (service == NULL) {
        service = arena_alloc(planner->arena, 1, sizeof(*service));
        service->name = name;
        lookup_add(by_service, planner->arena, bytes_of(name), service);
        *planner->services_end = service;
        planner->services_end = &service->next;
    }
    return service;
}

static void add_operation(struct planner *planner, struct service *service,
                          const struct pack_rule *rule, const char *text)
{
    char *name = arena_text(planner->arena, text);
    operation_spell(planner->mapping->shape, name);
    struct operation *operation = lookup_find(&service->by_name, bytes_of(name));
    if (operation == NULL) {
        operation = arena_alloc(planner->arena, 1, sizeof(*operation));
        operation->name = name;
        operation->next = service->operations;
        service->operations = operation;
        lookup_add(&service->by_name, planner->arena, bytes_of(name), operation);
        planner->name_count++;
    }
    size_t count = operation->count;
    if (count == 0 || operation->candidates[count - 1].rule != rule) {
        const struct candidate candidate = {.rule = rule};
        append(planner->arena, &operation->candidates, &operation->count, &candidate);
    }
}

/* The operations of rule that hold a '*'. */
static struct texts patterns_of(struct planner *planner, const struct pack_rule *rule)
{
    const char **items =
        arena_alloc(planner->arena, rule->operations.count, sizeof(*items));
    size_t count = 0;
    for (size_t i = 0; i < rule->operations.count; i++) {
        if (strchr(rule->operations.items[i], '*') != NULL) {
            items[count++] = fold(planner, rule->operations.items[i]);
        }
    }
    return (struct texts){items, count};
}

/* Places rule below service: once for its patterns, and at each operation in full. */
static void add_names(struct planner *planner, struct service *service,
                      const struct pack_rule *rule, const struct texts *patterns)
{
    size_t globs = service->glob_count;
    if (patterns->count > 0 && (globs == 0 || service->globs[globs - 1].rule != rule)) {
        const struct candidate candidate = {.rule = rule, .patterns = *patterns};
        append(planner->arena, &service->globs, &service->glob_count, &candidate);
    }
    for (size_t i = 0; i < rule->operations.count; i++) {
        if (strchr(rule->operations.items[i], '*') == NULL) {
            add_operation(planner, service, rule, rule->operations.items[i]);
        }
    }
}

static void add_rule(struct planner *planner, const struct pack_rule *rule)
{
    struct texts patterns = patterns_of(planner, rule);
    for (size_t i = 0; i < rule->services.count; i++) {
        struct service *service = add_service(planner, rule->services.items[i]);
        add_names(planner, service, rule, &patterns);
    }
}

static int path_slot(struct planner *planner, struct plan *plan, const char *path)
{
    int base = mapping_base_slot(planner->mapping, path);
    size_t slot = 0;
    if (base != SLOT_NONE || !paths_add(planner->mapping->all_paths, path, &slot, NULL)) {
        return base;
    }
    if (plan->paths == NULL) {
        plan->paths = paths_new();
    }
    paths_add(plan->paths, path, &slot, NULL);
    return (int)slot | SLOT_DETAIL;
}

static void place_paths(struct planner *planner, struct plan *plan,
                        struct candidate *candidate)
{
    const struct pack_rule *rule = candidate->rule;
    int *slots = arena_alloc(planner->arena, rule->path_count, sizeof(*slots));
    candidate->slots = slots;
    for (size_t i = 0; i < rule->when.count; i++) {
        *slots++ = path_slot(planner, plan, rule->when.items[i].path);
    }
    for (size_t i = 0; i < rule->fields.count; i++) {
        const struct texts *paths = &rule->fields.items[i].paths;
        for (size_t j = 0; j < paths->count; j++) {
            *slots++ = path_slot(planner, plan, paths->items[j]);
        }
    }
}

static bool is_same(const struct plan *plan, const struct candidate *list, size_t count)
{
    if (plan->count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (plan->candidates[i].rule != list[i].rule ||
            plan->candidates[i].patterns.items != list[i].patterns.items) {
            return false;
        }
    }
    return true;
}

/* The plan for list: operations with the same rules share one. NULL: nothing to try. */
static const struct plan *make_plan(struct planner *planner, const struct candidate *list,
                                    size_t count)
{
    if (count == 0) {
        return NULL;
    }
    struct plan **first = &planner->first_plans[list[0].rule->order];
    for (struct plan *plan = *first; plan != NULL; plan = plan->same) {
        if (is_same(plan, list, count)) {
            return plan;
        }
    }
    struct plan *plan = arena_alloc(planner->arena, 1, sizeof(*plan));
    plan->candidates = arena_alloc(planner->arena, count, sizeof(*plan->candidates));
    plan->count = count;
    for (size_t i = 0; i < count; i++) {
        plan->candidates[i] = list[i];
        place_paths(planner, plan, &plan->candidates[i]);
    }
    if (plan->paths != NULL) {
        paths_seal(plan->paths);
    }
    plan->same = *first;
    *first = plan;
    plan->next = planner->mapping->plans;
    planner->mapping->plans = plan;
    return plan;
}

bool plan_is_named(const struct candidate *candidate, struct bytes name)
{
    if (candidate->patterns.count == 0) {
        return true;
    }
    for (size_t i = 0; i < candidate->patterns.count; i++) {
        if (text_matches_glob(name, bytes_of(candidate->patterns.items[i]))) {
            return true;
        }
    }
    return false;
}

/* Two lists of candidates, each in order, read as one. */
struct merge {
    const struct service *service;
    const struct operation *operation;
    size_t glob;
    size_t exact;
};

/* The next of the two lists, by the order of its rule; NULL behind the last. */
static const struct candidate *merge_next(struct merge *merge)
{
    bool has_glob = merge->glob < merge->service->glob_count;
    bool has_exact = merge->exact < merge->operation->count;
    if (has_glob &&
        (!has_exact || merge->service->globs[merge->glob].rule->order <
                           merge->operation->candidates[merge->exact].rule->order)) {
        return &merge->service->globs[merge->glob++];
    }
    return has_exact ? &merge->operation->candidates[merge->exact++] : NULL;
}

/* The rules that name operation, and those whose globs match it, in order. */
static void plan_operation(struct planner *planner, const struct service *service,
                           struct operation *operation)
{
    struct candidate list[MATCH_RULES_MAX] = {{0}};
    size_t count = 0;
    struct merge merge = {.service = service, .operation = operation};
    const struct candidate *next = NULL;
    while ((next = merge_next(&merge)) != NULL) {
        bool is_repeat = count > 0 && list[count - 1].rule == next->rule;
        if (is_repeat || !plan_is_named(next, bytes_of(operation->name))) {
            continue;
        }
        if (count == MATCH_RULES_MAX) {
            fault(planner, next->rule,
                  "more than 16 rules could match one operation; merge some of them",
                  service->name, operation->name);
            return;
        }
        list[count++] = (struct candidate){.rule = next->rule};
    }
    operation->plan = make_plan(planner, list, count);
}

/* True when some operation could match pattern and one of others. */
static bool meets_any(const char *pattern, const struct texts *others)
{
    for (size_t i = 0; i < others->count; i++) {
        if (operation_globs_overlap(bytes_of(pattern), bytes_of(others->items[i]))) {
            return true;
        }
    }
    return false;
}

static bool can_meet(const struct texts *left, const struct texts *right)
{
    for (size_t i = 0; i < left->count; i++) {
        if (meets_any(left->items[i], right)) {
            return true;
        }
    }
    return false;
}

/*
 * Gives each rule the smallest colour that no rule before it has with which it
 * could share an operation: no operation can match more rules than there are colours.
 */
static size_t give_colour(const struct service *service, size_t glob, uint8_t *colours)
{
    bool is_taken[GLOBS_MAX] = {false};
    for (size_t i = 0; i < glob; i++) {
        if (!is_taken[colours[i]] &&
            can_meet(&service->globs[i].patterns, &service->globs[glob].patterns)) {
            is_taken[colours[i]] = true;
        }
    }
    size_t colour = 0;
    while (is_taken[colour]) {
        colour++;
    }
    colours[glob] = (uint8_t)colour;
    return colour;
}

static void plan_globs(struct planner *planner, struct service *service)
{
    if (service->glob_count == 0) {
        return;
    }
    if (service->glob_count > GLOBS_MAX) {
        fault(planner, service->globs[GLOBS_MAX].rule,
              "more than 128 rules have patterns for one service; name the operations",
              service->name, NULL);
        return;
    }
    uint8_t colours[GLOBS_MAX] = {0};
    for (size_t i = 0; service->glob_count > MATCH_RULES_MAX && i < service->glob_count;
         i++) {
        if (give_colour(service, i, colours) >= MATCH_RULES_MAX) {
            fault(planner, service->globs[i].rule,
                  "more than 16 rules with patterns could match one operation; name the "
                  "operations or merge rules",
                  service->name, NULL);
            return;
        }
    }
    service->plan = make_plan(planner, service->globs, service->glob_count);
}

void plan_all(struct mapping *mapping, struct arena *arena, struct problems *problems)
{
    struct planner planner = {
        .mapping = mapping,
        .arena = arena,
        .problems = problems,
        .services_end = &mapping->services,
        .first_plans =
            arena_alloc(arena, mapping->rule_count, sizeof(*planner.first_plans)),
    };
    for (size_t i = 0; i < mapping->rule_count; i++) {
        add_rule(&planner, mapping->rules[i]);
        if (planner.name_count > NAMES_MAX) {
            fault(&planner, mapping->rules[i],
                  "more than 200000 operations in all; use patterns", "", NULL);
            return;
        }
    }
    for (struct service *service = mapping->services; service != NULL;
         service = service->next) {
        plan_globs(&planner, service);
        struct operation *operation = service->operations;
        for (; service->glob_count <= GLOBS_MAX && operation != NULL;
             operation = operation->next) {
            plan_operation(&planner, service, operation);
        }
    }
}

void plan_free(struct plan *plan)
{
    while (plan != NULL) {
        struct plan *next = plan->next;
        paths_free(plan->paths);
        plan = next;
    }
}
