#include "mapping/service.h"

#include "mapping/operation.h"

enum { NAMES_MAX = 200000 };

/* What is at work while the rules of one mapping are laid out. */
struct namer {
    struct mapping *mapping;
    struct arena *arena;
    struct service **services_end;
    size_t name_count;
};

void service_fault(struct problems *problems, const struct pack_rule *rule,
                   const char *what, const char *service, const char *operation)
{
    problems_add(problems, rule->rule.file, rule->place.line, rule->place.column,
                 "%s (service \"%s\"%s%s)", what, service,
                 operation == NULL ? "" : ", operation ",
                 operation == NULL ? "" : operation);
}

/* A service or a pattern as it is looked up: in lower case for shapes that fold. */
static const char *fold(const struct namer *namer, const char *text)
{
    if (!namer->mapping->shape->fold_case) {
        return text;
    }
    char *name = arena_text(namer->arena, text);
    operation_fold((uint8_t *)name, strlen(name));
    return name;
}

static void append(struct arena *arena, struct candidate **list, size_t *count,
                   const struct candidate *candidate)
{
    if ((*count & (*count - 1)) == 0) { /* full, or borrowed, at each power of two */
        size_t room = *count == 0 ? 1 : 2 * *count;
        struct candidate *wider = arena_alloc(arena, room, sizeof(*wider));
        if (*count > 0) {
            memcpy(wider, *list, *count * sizeof(*wider));
        }
        *list = wider;
    }
    (*list)[(*count)++] = *candidate;
}

static struct service *add_service(struct namer *namer, const char *text)
{
    const char *name = fold(namer, text);
    struct lookup *by_service = &namer->mapping->by_service;
    struct service *service = lookup_find(by_service, bytes_of(name));
    if (service == NULL) {
        service = arena_alloc(namer->arena, 1, sizeof(*service));
        service->name = name;
        lookup_add(by_service, namer->arena, bytes_of(name), service);
        *namer->services_end = service;
        namer->services_end = &service->next;
    }
    return service;
}

static struct operation *find_operation(struct namer *namer, struct service *service,
                                        const char *text)
{
    char name[PACK_OPERATION_SIZE_MAX + 1];
    memcpy(name, text, strlen(text) + 1);
    operation_spell(namer->mapping->shape, name);
    struct operation *operation = lookup_find(&service->by_name, bytes_of(name));
    if (operation != NULL) {
        return operation;
    }
    operation = arena_alloc(namer->arena, 1, sizeof(*operation));
    operation->name = strcmp(name, text) == 0 ? text : arena_text(namer->arena, name);
    operation->next = service->operations;
    service->operations = operation;
    lookup_add(&service->by_name, namer->arena, bytes_of(operation->name), operation);
    namer->name_count++;
    return operation;
}

/* Most operations have one rule, and borrow its candidate: named. */
static void add_operation(struct namer *namer, struct service *service,
                          struct candidate *named, const char *text)
{
    struct operation *operation = find_operation(namer, service, text);
    size_t count = operation->count;
    if (count == 0) {
        operation->candidates = named;
        operation->count = 1;
    } else if (operation->candidates[count - 1].rule != named->rule) {
        append(namer->arena, &operation->candidates, &operation->count, named);
    }
}

static bool is_pattern(const char *text)
{
    return strchr(text, '*') != NULL;
}

/* The operations of rule that hold a '*'. */
static struct texts patterns_of(struct namer *namer, const struct pack_rule *rule)
{
    size_t count = 0;
    for (size_t i = 0; i < rule->operations.count; i++) {
        count += is_pattern(rule->operations.items[i]) ? 1 : 0;
    }
    const char **items = arena_alloc(namer->arena, count, sizeof(*items));
    size_t at = 0;
    for (size_t i = 0; at < count; i++) {
        if (is_pattern(rule->operations.items[i])) {
            items[at++] = fold(namer, rule->operations.items[i]);
        }
    }
    return (struct texts){items, count};
}

/* Places rule below service: once for its patterns, and at each operation in full. */
static void add_names(struct namer *namer, struct service *service,
                      struct candidate *named, const struct texts *patterns)
{
    const struct pack_rule *rule = named->rule;
    size_t globs = service->glob_count;
    if (patterns->count > 0 && (globs == 0 || service->globs[globs - 1].rule != rule)) {
        const struct candidate candidate = {.rule = rule, .patterns = *patterns};
        append(namer->arena, &service->globs, &service->glob_count, &candidate);
    }
    for (size_t i = 0; i < rule->operations.count; i++) {
        if (!is_pattern(rule->operations.items[i])) {
            add_operation(namer, service, named, rule->operations.items[i]);
        }
    }
}

static void add_rule(struct namer *namer, const struct pack_rule *rule)
{
    struct texts patterns = patterns_of(namer, rule);
    struct candidate *named = arena_alloc(namer->arena, 1, sizeof(*named));
    named->rule = rule;
    for (size_t i = 0; i < rule->services.count; i++) {
        struct service *service = add_service(namer, rule->services.items[i]);
        add_names(namer, service, named, &patterns);
    }
}

/* The services of rule, with how many names they will have at most. */
static void count_names(struct namer *namer, const struct pack_rule *rule)
{
    for (size_t i = 0; i < rule->services.count; i++) {
        add_service(namer, rule->services.items[i])->name_room += rule->operations.count;
    }
}

static void add_services(struct namer *namer)
{
    struct mapping *mapping = namer->mapping;
    for (size_t i = 0; i < mapping->rule_count; i++) {
        count_names(namer, mapping->rules[i]);
    }
    for (struct service *service = mapping->services; service != NULL;
         service = service->next) {
        lookup_reserve(&service->by_name, namer->arena, service->name_room);
    }
}

void service_add_all(struct mapping *mapping, struct arena *arena,
                     struct problems *problems)
{
    struct namer namer = {
        .mapping = mapping, .arena = arena, .services_end = &mapping->services};
    add_services(&namer);
    for (size_t i = 0; i < mapping->rule_count; i++) {
        add_rule(&namer, mapping->rules[i]);
        if (namer.name_count > NAMES_MAX) {
            service_fault(problems, mapping->rules[i],
                          "more than 200000 operations in all; use patterns", "", NULL);
            mapping->services = NULL; /* nothing can be planned */
            return;
        }
    }
}
