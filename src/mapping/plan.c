#include "base/text.h"
#include "mapping/compiled.h"
#include "mapping/operation.h"
#include "mapping/service.h"

#include <stdint.h>

enum { GLOBS_MAX = 128 };

/* What is at work while the rules of one mapping are laid out. */
struct planner {
    struct mapping *mapping;
    struct arena *arena;
    struct problems *problems;
    struct plan **first_plans; /* by the order of their first rule */
};

static int path_slot(struct planner *planner, struct plan *plan, const char *path)
{
    int base = mapping_base_slot(planner->mapping, path);
    if (base != SLOT_NONE) {
        return base;
    }
    if (plan->paths == NULL) {
        plan->paths = paths_new();
    }
    size_t slot = 0;
    bool is_path = paths_add(plan->paths, path, &slot, NULL);
    return is_path ? (int)slot | SLOT_DETAIL
                   : SLOT_NONE; /* then it is a problem already */
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
            service_fault(
                planner->problems, next->rule,
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
        service_fault(
            planner->problems, service->globs[GLOBS_MAX].rule,
            "more than 128 rules have patterns for one service; name the operations",
            service->name, NULL);
        return;
    }
    uint8_t colours[GLOBS_MAX] = {0};
    for (size_t i = 0; service->glob_count > MATCH_RULES_MAX && i < service->glob_count;
         i++) {
        if (give_colour(service, i, colours) >= MATCH_RULES_MAX) {
            service_fault(
                planner->problems, service->globs[i].rule,
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
        .first_plans =
            arena_alloc(arena, mapping->rule_count, sizeof(*planner.first_plans)),
    };
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
