#include "mapping/lint.h"

#include "base/mem.h"
#include "base/text.h"
#include "mapping/operation.h"

#include <stdlib.h>

enum { SLIPS_MAX = 3 };

/* What is at work while names are looked up. */
struct linter {
    const struct verdict_packs *packs;
    const struct catalogue *catalogue;
    struct problems *findings;
    bool has_services; /* rules name them */
    struct arena arena;
    struct lookup told; /* decisions that were told of */
};

/* Names as a rule or a decision has them. */
struct named {
    const char *file;
    struct yaml_place place;
    const struct texts *services;
    const struct texts *operations;
};

/* The name nearest to a wrong one so far. */
struct nearest {
    const char *key;  /* the wrong one, as rules know it */
    const char *name; /* NULL: none is near */
    size_t distance;  /* nearer than this is wanted */
};

static void nearest_start(struct nearest *nearest, const char *key)
{
    size_t forgiven = strlen(key) / 3 + 1; /* a short word forgives fewer slips */
    *nearest = (struct nearest){
        .key = key, .distance = (forgiven > SLIPS_MAX ? SLIPS_MAX : forgiven) + 1};
}

static size_t difference(size_t left, size_t right)
{
    return left > right ? left - right : right - left;
}

/* What both begin with is no difference, and names are longer than what is compared. */
static void nearest_try(struct nearest *nearest, const char *key, const char *name)
{
    const char *wrong = nearest->key;
    if (difference(strlen(wrong), strlen(key)) >= nearest->distance) {
        return;
    }
    while (*wrong != '\0' && *wrong == *key) {
        wrong++;
        key++;
    }
    size_t distance = text_distance(wrong, key, nearest->distance);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}

static void nearest_operation(struct nearest *nearest,
                              const struct catalogue_service *service)
{
    for (size_t i = 0; i < service->count; i++) {
        nearest_try(nearest, service->operations[i]->key, service->operations[i]->name);
    }
}

static void tell(const struct linter *linter, const struct named *named, const char *text,
                 const char *what, const char *remedy)
{
    problems_add(linter->findings, named->file, named->place.line, named->place.column,
                 "\"%s\" %s%s", text, what, remedy);
}

static void tell_nearest(const struct linter *linter, const struct named *named,
                         const char *text, const struct nearest *nearest)
{
    char *remedy = nearest->name == NULL
                       ? mem_dup("; correct it, or remove it")
                       : mem_format("; did you mean \"%s\"?", nearest->name);
    tell(linter, named, text, "is not in the catalogue", remedy);
    free(remedy);
}

static char *spell_service(const struct linter *linter, const char *text)
{
    char *key = mem_dup(text);
    operation_fold((uint8_t *)key, linter->catalogue->shape->fold_case ? strlen(key) : 0);
    return key;
}

/* A name in full. service NULL: of any service. */
static void check_name(const struct linter *linter, const struct named *named,
                       const struct catalogue_service *service, const char *text)
{
    const struct catalogue *catalogue = linter->catalogue;
    char *key = mem_dup(text);
    operation_spell(catalogue->shape, key);
    const struct catalogue_operation *other =
        lookup_find(&catalogue->by_key, bytes_of(key));
    bool is_known = service == NULL
                        ? other != NULL
                        : lookup_find(&service->by_key, bytes_of(key)) != NULL;
    if (!is_known) {
        struct nearest nearest;
        nearest_start(&nearest, key);
        for (size_t i = 0; service == NULL && i < catalogue->count; i++) {
            nearest_operation(&nearest, catalogue->services[i]);
        }
        if (service != NULL) {
            nearest_operation(&nearest, service);
        }
        char *title =
            service == NULL ? mem_dup(text) : mem_format("%s %s", service->name, text);
        tell_nearest(linter, named, title, &nearest);
        free(title);
    }
    free(key);
}

static bool matches_any(const struct catalogue_service *service, const char *pattern)
{
    for (size_t i = 0; i < service->count; i++) {
        if (text_matches_glob(bytes_of(service->operations[i]->key), bytes_of(pattern))) {
            return true;
        }
    }
    return false;
}

/* True when an operation says in itself whose it is: "Microsoft.Compute/disks/write". */
static bool names_owner(const struct catalogue_service *service)
{
    return service->count > 0 && strpbrk(service->operations[0]->key, "./") != NULL;
}

/* A name with '*'. service NULL: of any service. */
static void check_pattern(const struct linter *linter, const struct named *named,
                          const struct catalogue_service *service, const char *text)
{
    char *pattern = spell_service(linter, text);
    const char *first = NULL;
    const char *second = NULL;
    for (size_t i = 0; service == NULL && i < linter->catalogue->count; i++) {
        const struct catalogue_service *one = linter->catalogue->services[i];
        if (matches_any(one, pattern)) {
            second =
                first != NULL && second == NULL && names_owner(one) ? one->name : second;
            first = first == NULL ? one->name : first;
        }
    }
    bool is_met = service == NULL ? first != NULL : matches_any(service, pattern);
    if (!is_met) {
        tell(linter, named, text, "matches nothing in the catalogue",
             "; correct it, or remove it");
    } else if (second != NULL) {
        char *remedy = mem_format(" (\"%s\", \"%s\"); write one for each, or the names",
                                  first, second);
        tell(linter, named, text, "reaches over several services", remedy);
        free(remedy);
    }
    free(pattern);
}

static void check_operations(const struct linter *linter, const struct named *named,
                             const struct catalogue_service *service)
{
    for (size_t i = 0; i < named->operations->count; i++) {
        const char *text = named->operations->items[i];
        if (strchr(text, '*') == NULL) {
            check_name(linter, named, service, text);
        } else {
            check_pattern(linter, named, service, text);
        }
    }
}

static void check_service(const struct linter *linter, const struct named *named,
                          const char *text)
{
    char *key = spell_service(linter, text);
    const struct catalogue_service *service =
        catalogue_find(linter->catalogue, bytes_of(key));
    if (service != NULL) {
        check_operations(linter, named, service);
    } else {
        struct nearest nearest;
        nearest_start(&nearest, key);
        for (size_t i = 0; i < linter->catalogue->count; i++) {
            nearest_try(&nearest, linter->catalogue->services[i]->key,
                        linter->catalogue->services[i]->name);
        }
        tell_nearest(linter, named, text, &nearest);
    }
    free(key);
}

static const char *find_pattern(const struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strchr(texts->items[i], '*') != NULL) {
            return texts->items[i];
        }
    }
    return NULL;
}

static void check_named(const struct linter *linter, const struct named *named)
{
    if (!linter->has_services) {
        check_operations(linter, named, NULL);
        return;
    }
    const char *pattern = find_pattern(named->operations);
    if (pattern != NULL && named->services->count > 1) {
        tell(linter, named, pattern, "reaches over several services",
             "; write a rule for each, or the names");
    }
    for (size_t i = 0; i < named->services->count; i++) {
        check_service(linter, named, named->services->items[i]);
    }
}

static void check_decisions(const struct linter *linter)
{
    size_t count = 0;
    const struct decision *all = decisions_all(linter->packs->decisions, &count);
    for (size_t i = 0; i < count; i++) {
        const struct named named = {all[i].file, all[i].place, &all[i].services,
                                    &all[i].operations};
        if (strcmp(all[i].shape->name, linter->catalogue->shape->name) == 0) {
            check_named(linter, &named);
        }
    }
}

/* True when a rule names the operation in full. */
static bool is_named(const struct linter *linter,
                     const struct catalogue_operation *operation)
{
    const char *service = linter->has_services ? operation->service->key : "";
    const struct service *found =
        lookup_find(&linter->packs->mapping->by_service, bytes_of(service));
    return found != NULL &&
           lookup_find(&found->by_name, bytes_of(operation->key)) != NULL;
}

/* A name in full in one of both says that the other is meant for the rest. */
static void check_both(struct linter *linter, const struct catalogue_operation *operation)
{
    const struct verdict verdict =
        verdict_find(linter->packs, operation->service->key, operation->key);
    const struct decision *decision = verdict.decision;
    if (verdict.kind != VERDICT_MAPPED || decision == NULL ||
        find_pattern(&decision->operations) == NULL || is_named(linter, operation)) {
        return;
    }
    char *place = mem_format("%s:%d:%d", decision->file, decision->place.line,
                             decision->place.column);
    if (lookup_find(&linter->told, bytes_of(place)) == NULL) {
        const char *kept = arena_text(&linter->arena, place);
        lookup_add(&linter->told, &linter->arena, bytes_of(kept), linter);
        problems_add(linter->findings, decision->file, decision->place.line,
                     decision->place.column,
                     "\"%s\" is said to answer no principle, and rule \"%s\" (%s:%d) "
                     "always maps it; remove one of them",
                     operation->name, verdict.rule->rule.id, verdict.rule->rule.file,
                     verdict.rule->place.line);
    }
    free(place);
}

void lint_names(const struct verdict_packs *packs, const struct catalogue *catalogue,
                struct problems *findings)
{
    struct linter linter = {.packs = packs,
                            .catalogue = catalogue,
                            .findings = findings,
                            .has_services = verdict_has_services(catalogue->shape)};
    for (size_t i = 0; i < packs->mapping->rule_count; i++) {
        const struct pack_rule *rule = packs->mapping->rules[i];
        const struct named named = {rule->rule.file, rule->place, &rule->services,
                                    &rule->operations};
        check_named(&linter, &named);
    }
    check_decisions(&linter);
    for (size_t i = 0; i < catalogue->count; i++) {
        for (size_t j = 0; j < catalogue->services[i]->count; j++) {
            check_both(&linter, catalogue->services[i]->operations[j]);
        }
    }
    arena_clear(&linter.arena);
}
