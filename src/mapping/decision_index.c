#include "mapping/decision_index.h"

#include "base/mem.h"
#include "base/text.h"
#include "mapping/lookup.h"
#include "mapping/operation.h"

#include <stdlib.h>

struct decision_service {
    struct lookup by_name;
    struct decision_name *patterns;
    struct decision_name **patterns_end;
};

struct decision_shape {
    const struct record_shape *shape;
    struct lookup by_service;
    struct decision_shape *next;
};

static void fold(const struct record_shape *shape, char *text)
{
    if (shape->fold_case) {
        operation_fold((uint8_t *)text, strlen(text));
    }
}

static struct decision_shape *find_shape(const struct decision_index *index,
                                         const struct record_shape *shape)
{
    struct decision_shape *found = index->shapes;
    while (found != NULL && strcmp(found->shape->name, shape->name) != 0) {
        found = found->next;
    }
    return found;
}

static struct decision_service *add_service(struct decision_index *index,
                                            const struct record_shape *shape,
                                            const char *text)
{
    struct decision_shape *holder = find_shape(index, shape);
    if (holder == NULL) {
        holder = arena_alloc(index->arena, 1, sizeof(*holder));
        holder->shape = shape;
        holder->next = index->shapes;
        index->shapes = holder;
    }
    char *name = arena_text(index->arena, text);
    fold(shape, name);
    struct decision_service *service = lookup_find(&holder->by_service, bytes_of(name));
    if (service == NULL) {
        service = arena_alloc(index->arena, 1, sizeof(*service));
        service->patterns_end = &service->patterns;
        lookup_add(&holder->by_service, index->arena, bytes_of(name), service);
    }
    return service;
}

static const struct decision_name *add_pattern(struct decision_service *service,
                                               struct decision_name *name)
{
    for (const struct decision_name *one = service->patterns; one != NULL;
         one = one->next) {
        if (strcmp(one->pattern, name->pattern) == 0) {
            return one;
        }
    }
    *service->patterns_end = name;
    service->patterns_end = &name->next;
    return NULL;
}

const struct decision_name *decision_index_add(struct decision_index *index,
                                               const struct record_shape *shape,
                                               const char *service, const char *text,
                                               struct decision_name *name)
{
    struct decision_service *holder = add_service(index, shape, service);
    char *spelled = arena_text(index->arena, text);
    if (strchr(text, '*') != NULL) {
        fold(shape, spelled);
        name->pattern = spelled;
        return add_pattern(holder, name);
    }
    operation_spell(shape, spelled);
    const struct decision_name *first = lookup_find(&holder->by_name, bytes_of(spelled));
    if (first == NULL) {
        lookup_add(&holder->by_name, index->arena, bytes_of(spelled), name);
    }
    return first;
}

/* Names in full come before patterns. */
static const struct decision_name *find_name(const struct decision_service *service,
                                             const char *spelled)
{
    const struct decision_name *name = lookup_find(&service->by_name, bytes_of(spelled));
    if (name != NULL) {
        return name;
    }
    name = service->patterns;
    while (name != NULL &&
           !text_matches_glob(bytes_of(spelled), bytes_of(name->pattern))) {
        name = name->next;
    }
    return name;
}

const struct decision_name *decision_index_find(const struct decision_index *index,
                                                const struct record_shape *shape,
                                                struct bytes service,
                                                struct bytes operation)
{
    const struct decision_shape *holder = find_shape(index, shape);
    if (holder == NULL || operation.size == 0) {
        return NULL;
    }
    bool is_named = shape->service_path != NULL && !shape->any_service;
    char *folded = mem_dup_bytes(service.data, is_named ? service.size : 0);
    fold(shape, folded);
    const struct decision_service *found =
        lookup_find(&holder->by_service, bytes_of(folded));
    free(folded);
    if (found == NULL) {
        return NULL;
    }
    char *spelled = mem_dup_bytes(operation.data, operation.size);
    operation_spell(shape, spelled);
    const struct decision_name *name = find_name(found, spelled);
    free(spelled);
    return name;
}
