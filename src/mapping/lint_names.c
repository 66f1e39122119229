#include "mapping/lint.h"

#include "base/mem.h"
#include "base/text.h"
#include "mapping/operation.h"

#include <stdlib.h>

enum { SLIPS_MAX = 2 };

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
    bool is_wide; /* the record decides: patterns may reach over services */
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
    char *remedy =
        nearest->name == NULL
            ? mem_dup("; correct it, remove it, or name a catalogue that has it")
            : mem_format("; did you mean \"%s\"?", nearest->name);
    tell(linter, named, text, "is not in the catalogue", remedy);
    free(remedy);
}

static char *fold(const struct linter *linter, const char *text)
{
    char *key = mem_dup(text);
    operation_fold((uint8_t *)key, linter->catalogue->shape->fold_case ? strlen(key) : 0);
    return key;
}

/* The service of that name, as a rule writes it; or NULL. */
static const struct catalogue_service *find_service(const struct linter *linter,
                                                    const char *text)
{
    char *key = fold(linter, text);
    const struct catalogue_service *service =
        catalogue_find(linter->catalogue, bytes_of(key));
    free(key);
    return service;
}

static bool has_match(const struct catalogue_service *service, const char *pattern)
{
    for (size_t i = 0; i < service->count; i++) {
        if (text_matches_glob(bytes_of(service->operations[i]->key), bytes_of(pattern))) {
            return true;
        }
    }
    return false;
}

/* True when service has the operation, or one that the pattern matches. */
static bool has_operation(const struct linter *linter,
                          const struct catalogue_service *service, const char *text)
{
    bool is_pattern = strchr(text, '*') != NULL;
    char *key = fold(linter, text);
    if (!is_pattern) {
        operation_spell(linter->catalogue->shape, key);
    }
    bool is_there = is_pattern ? has_match(service, key)
                               : lookup_find(&service->by_key, bytes_of(key)) != NULL;
    free(key);
    return is_there;
}

/* A service must have one of the operations; when it has none, none of them is meant. */
static void check_service(const struct linter *linter, const struct named *named,
                          const char *text)
{
    const struct catalogue_service *service = find_service(linter, text);
    if (service == NULL) {
        struct nearest nearest;
        char *key = fold(linter, text);
        nearest_start(&nearest, key);
        for (size_t i = 0; i < linter->catalogue->count; i++) {
            nearest_try(&nearest, linter->catalogue->services[i]->key,
                        linter->catalogue->services[i]->name);
        }
        tell_nearest(linter, named, text, &nearest);
        free(key);
        return;
    }
    bool is_met = false;
    for (size_t i = 0; i < named->operations->count && !is_met; i++) {
        is_met = has_operation(linter, service, named->operations->items[i]);
    }
    if (!is_met && named->services->count > 1) {
        tell(linter, named, text, "has none of these operations",
             "; correct it, or remove it");
    }
}

/* True when one of the services that are named has the operation, or none is known. */
static bool is_of_services(const struct linter *linter, const struct named *named,
                           const char *text, struct nearest *nearest)
{
    size_t known = 0;
    for (size_t i = 0; i < named->services->count; i++) {
        const struct catalogue_service *service =
            find_service(linter, named->services->items[i]);
        if (service == NULL) {
            continue;
        }
        if (has_operation(linter, service, text)) {
            return true;
        }
        nearest_operation(nearest, service);
        known++;
    }
    return known == 0;
}

/* The same of all services there are. */
static bool is_of_any(const struct linter *linter, const char *key,
                      struct nearest *nearest)
{
    if (lookup_find(&linter->catalogue->by_key, bytes_of(key)) != NULL) {
        return true;
    }
    for (size_t i = 0; i < linter->catalogue->count; i++) {
        nearest_operation(nearest, linter->catalogue->services[i]);
    }
    return false;
}

static void check_name(const struct linter *linter, const struct named *named,
                       const char *text)
{
    struct nearest nearest;
    char *key = mem_dup(text);
    operation_spell(linter->catalogue->shape, key);
    nearest_start(&nearest, key);
    bool is_known = linter->has_services ? is_of_services(linter, named, text, &nearest)
                                         : is_of_any(linter, key, &nearest);
    if (!is_known) {
        tell_nearest(linter, named, text, &nearest);
    }
    free(key);
}

/* True when an operation says in itself whose it is: "Microsoft.Compute/disks/write". */
static bool names_owner(const struct catalogue_service *service)
{
    return service->count > 0 && strpbrk(service->operations[0]->key, "./") != NULL;
}

/* "*SetIamPolicy" is one operation, whosever it is; "Delete*" and "*.delete" are many. */
static bool is_one_operation(const char *pattern)
{
    return pattern[0] == '*' && pattern[1] != '.' && pattern[1] != '/' &&
           pattern[1] != '\0' && strchr(pattern + 1, '*') == NULL;
}

static void check_reach(const struct linter *linter, const struct named *named,
                        const char *text)
{
    const struct catalogue_service *first = NULL;
    const struct catalogue_service *second = NULL;
    for (size_t i = 0; i < linter->catalogue->count && second == NULL; i++) {
        const struct catalogue_service *one = linter->catalogue->services[i];
        if (has_operation(linter, one, text)) {
            second = first == NULL ? NULL : one;
            first = first == NULL ? one : first;
        }
    }
    if (first == NULL) {
        tell(linter, named, text, "matches nothing in the catalogue",
             "; correct it, or remove it");
    } else if (second != NULL && !named->is_wide && names_owner(second) &&
               !is_one_operation(text)) {
        char *remedy = mem_format(" (\"%s\", \"%s\"); write one for each, or the names",
                                  first->name, second->name);
        tell(linter, named, text, "reaches over several services", remedy);
        free(remedy);
    }
}

static void check_pattern(const struct linter *linter, const struct named *named,
                          const char *text)
{
    struct nearest unused = {.key = ""};
    if (!linter->has_services) {
        check_reach(linter, named, text);
    } else if (!is_of_services(linter, named, text, &unused)) {
        tell(linter, named, text, "matches nothing in the catalogue",
             "; correct it, or remove it");
    } else if (named->services->count > 1 && !named->is_wide) {
        tell(linter, named, text, "reaches over several services",
             "; write a rule for each, or the names");
    }
}

static void check_named(const struct linter *linter, const struct named *named)
{
    for (size_t i = 0; linter->has_services && i < named->services->count; i++) {
        check_service(linter, named, named->services->items[i]);
    }
    for (size_t i = 0; i < named->operations->count; i++) {
        const char *text = named->operations->items[i];
        if (strchr(text, '*') == NULL) {
            check_name(linter, named, text);
        } else {
            check_pattern(linter, named, text);
        }
    }
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

static void check_decisions(const struct linter *linter)
{
    size_t count = 0;
    const struct decision *all = decisions_all(linter->packs->decisions, &count);
    for (size_t i = 0; i < count; i++) {
        const struct named named = {all[i].file, all[i].place, &all[i].services,
                                    &all[i].operations, false};
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
                                    &rule->operations,
                                    rule->when.count > 0 || rule->rule.principles == 0};
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
