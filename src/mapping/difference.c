#include "mapping/difference.h"

#include "base/mem.h"
#include "mapping/operation.h"

#include <stdlib.h>

/* What is at work while two versions are compared. */
struct comparison {
    struct difference *difference;
    const struct verdict_packs *old;
    const struct verdict_packs *new;
    struct arena arena;
    struct lookup seen; /* "service\toperation" */
};

static bool is_same_text(const char *left, const char *right)
{
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static bool is_same_texts(const struct texts *left, const struct texts *right)
{
    bool is_same = left->count == right->count;
    for (size_t i = 0; is_same && i < left->count; i++) {
        is_same = strcmp(left->items[i], right->items[i]) == 0;
    }
    return is_same;
}

static bool is_same_when(const struct conditions *left, const struct conditions *right)
{
    bool is_same = left->count == right->count;
    for (size_t i = 0; is_same && i < left->count; i++) {
        const struct condition *one = &left->items[i];
        const struct condition *other = &right->items[i];
        is_same = strcmp(one->path, other->path) == 0 && one->kind == other->kind &&
                  one->is_negated == other->is_negated &&
                  is_same_texts(&one->texts, &other->texts);
    }
    return is_same;
}

static bool is_same_rule(const struct pack_rule *left, const struct pack_rule *right)
{
    return left->rule.principles == right->rule.principles &&
           left->rule.change == right->rule.change &&
           is_same_text(left->rule.action, right->rule.action) &&
           is_same_texts(&left->services, &right->services) &&
           is_same_texts(&left->operations, &right->operations) &&
           is_same_when(&left->when, &right->when);
}

/* Room for one more behind count; doubles at each power of two. */
static void *grow(void *items, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;
    return is_full ? mem_resize(items, count == 0 ? 1 : 2 * count, size) : items;
}

static void add_rule(struct difference *difference, char sign,
                     const struct pack_rule *rule)
{
    difference->rules =
        grow(difference->rules, difference->rule_count, sizeof(*difference->rules));
    difference->rules[difference->rule_count++] = (struct difference_rule){sign, rule};
}

static void index_rules(struct comparison *comparison, const struct mapping *mapping,
                        struct lookup *by_id)
{
    for (size_t i = 0; i < mapping->rule_count; i++) {
        lookup_add(by_id, &comparison->arena, bytes_of(mapping->rules[i]->rule.id),
                   mapping->rules[i]);
    }
}

static void compare_rules(struct comparison *comparison)
{
    const struct mapping *old = comparison->old->mapping;
    const struct mapping *new = comparison->new->mapping;
    struct lookup olds = {0};
    struct lookup news = {0};
    index_rules(comparison, old, &olds);
    index_rules(comparison, new, &news);
    for (size_t i = 0; i < old->rule_count; i++) {
        const struct pack_rule *rule = old->rules[i];
        const struct pack_rule *other = lookup_find(&news, bytes_of(rule->rule.id));
        if (other == NULL) {
            add_rule(comparison->difference, '-', rule);
        } else if (!is_same_rule(rule, other)) {
            add_rule(comparison->difference, '~', other);
        }
    }
    for (size_t i = 0; i < new->rule_count; i++) {
        if (lookup_find(&olds, bytes_of(new->rules[i]->rule.id)) == NULL) {
            add_rule(comparison->difference, '+', new->rules[i]);
        }
    }
}

static bool is_same_verdict(const struct verdict *left, const struct verdict *right)
{
    bool is_classed = left->kind == VERDICT_NONE && right->kind == VERDICT_NONE;
    return left->kind == right->kind && left->principles == right->principles &&
           left->certain == right->certain &&
           (!is_classed || left->decision->class == right->decision->class);
}

/* Compares what both say about an operation, once. */
static void compare_operation(struct comparison *comparison, const char *service,
                              const char *operation)
{
    struct difference *difference = comparison->difference;
    char *name = mem_format("%s\t%s", service, operation);
    if (lookup_find(&comparison->seen, bytes_of(name)) == NULL) {
        const char *kept = arena_text(&comparison->arena, name);
        lookup_add(&comparison->seen, &comparison->arena, bytes_of(kept), comparison);
        const struct difference_operation compared = {
            service, operation, verdict_find(comparison->old, service, operation),
            verdict_find(comparison->new, service, operation)};
        if (!is_same_verdict(&compared.old, &compared.new)) {
            difference->operations =
                grow(difference->operations, difference->operation_count,
                     sizeof(*difference->operations));
            difference->operations[difference->operation_count++] = compared;
        }
    }
    free(name);
}

static void compare_named(struct comparison *comparison, const struct mapping *mapping)
{
    for (const struct service *service = mapping->services; service != NULL;
         service = service->next) {
        for (const struct operation *operation = service->operations; operation != NULL;
             operation = operation->next) {
            compare_operation(comparison, service->name, operation->name);
        }
    }
}

/* text as rules know it; belongs to difference. */
static const char *spell(struct difference *difference, const struct record_shape *shape,
                         const char *text, bool is_operation)
{
    char *name = arena_text(&difference->arena, text);
    if (is_operation) {
        operation_spell(shape, name);
    } else {
        operation_fold((uint8_t *)name, shape->fold_case ? strlen(name) : 0);
    }
    return name;
}

static void compare_decision(struct comparison *comparison,
                             const struct decision *decision, const char *service)
{
    for (size_t i = 0; i < decision->operations.count; i++) {
        const char *operation = decision->operations.items[i];
        if (strchr(operation, '*') == NULL) {
            compare_operation(
                comparison, service,
                spell(comparison->difference, decision->shape, operation, true));
        }
    }
}

static void compare_decided(struct comparison *comparison,
                            const struct verdict_packs *packs)
{
    size_t count = 0;
    const struct decision *all = decisions_all(packs->decisions, &count);
    for (size_t i = 0; i < count; i++) {
        bool is_ours = strcmp(all[i].shape->name, packs->mapping->shape->name) == 0;
        for (size_t j = 0; is_ours && j < all[i].services.count; j++) {
            compare_decision(comparison, &all[i],
                             spell(comparison->difference, all[i].shape,
                                   all[i].services.items[j], false));
        }
    }
}

static void compare_catalogue(struct comparison *comparison,
                              const struct catalogue *catalogue)
{
    bool is_named = verdict_has_services(catalogue->shape);
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct catalogue_service *service = catalogue->services[i];
        for (size_t j = 0; j < service->count; j++) {
            compare_operation(comparison, is_named ? service->key : "",
                              service->operations[j]->key);
        }
    }
}

static int order_rules(const void *left, const void *right)
{
    const struct difference_rule *first = left;
    const struct difference_rule *second = right;
    return strcmp(first->rule->rule.id, second->rule->rule.id);
}

static int order_operations(const void *left, const void *right)
{
    const struct difference_operation *first = left;
    const struct difference_operation *second = right;
    int services = strcmp(first->service, second->service);
    return services != 0 ? services : strcmp(first->operation, second->operation);
}

void difference_find(struct difference *difference, const struct verdict_packs *old,
                     const struct verdict_packs *new, const struct catalogue *catalogue)
{
    *difference = (struct difference){0};
    struct comparison comparison = {.difference = difference, .old = old, .new = new};
    compare_rules(&comparison);
    compare_named(&comparison, old->mapping);
    compare_named(&comparison, new->mapping);
    compare_decided(&comparison, old);
    compare_decided(&comparison, new);
    if (catalogue != NULL) {
        compare_catalogue(&comparison, catalogue);
    }
    if (difference->rule_count > 0) {
        qsort(difference->rules, difference->rule_count, sizeof(*difference->rules),
              order_rules);
    }
    if (difference->operation_count > 0) {
        qsort(difference->operations, difference->operation_count,
              sizeof(*difference->operations), order_operations);
    }
    arena_clear(&comparison.arena);
}

void difference_clear(struct difference *difference)
{
    free(difference->rules);
    free(difference->operations);
    arena_clear(&difference->arena);
    *difference = (struct difference){0};
}
