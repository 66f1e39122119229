#include "mapping/coverage.h"

#include "base/mem.h"

#include <stdlib.h>

static void count_item(struct coverage *coverage, const struct verdict *verdict)
{
    coverage->counts[verdict->kind]++;
    if (verdict->kind == VERDICT_NONE) {
        coverage->classes[verdict->decision->class]++;
    }
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        uint32_t bit = principle_bit(&principles[i]);
        bool is_certain = (verdict->certain & bit) != 0;
        coverage->letters[i].mapped += is_certain;
        coverage->letters[i].conditional +=
            (verdict->principles & bit) != 0 && !is_certain;
    }
}

/* Judges the writes of service, behind the items that are there. */
static void judge(struct coverage *coverage, const struct verdict_packs *packs,
                  struct coverage_service *service)
{
    service->first = coverage->count;
    for (size_t i = 0; i < service->service->count; i++) {
        const struct catalogue_operation *operation = service->service->operations[i];
        if (operation->is_write) {
            struct coverage_item *item = &coverage->items[coverage->count++];
            item->operation = operation;
            item->verdict = verdict_find(packs, service->service->key, operation->key);
            service->counts[item->verdict.kind]++;
            service->count++;
        }
    }
}

static bool is_named(const struct verdict_packs *packs,
                     const struct coverage_service *service)
{
    const struct mapping *mapping = packs->mapping;
    return service->counts[VERDICT_UNDECIDED] < service->count ||
           (verdict_has_services(mapping->shape) &&
            lookup_find(&mapping->by_service, bytes_of(service->service->key)) != NULL);
}

static bool is_in_scope(const struct catalogue_service *service, int priority)
{
    return priority == 0 || (service->priority > 0 && service->priority <= priority);
}

static void add_service(struct coverage *coverage, const struct verdict_packs *packs,
                        const struct catalogue_service *named, int priority)
{
    struct coverage_service service = {.service = named};
    judge(coverage, packs, &service);
    if (priority == 0 && !is_named(packs, &service)) {
        coverage->count = service.first;
        coverage->left_out++;
        return;
    }
    for (size_t i = 0; i < service.count; i++) {
        count_item(coverage, &coverage->items[service.first + i].verdict);
    }
    coverage->services[coverage->service_count++] = service;
}

void coverage_fill(struct coverage *coverage, const struct verdict_packs *packs,
                   const struct catalogue *catalogue, int priority)
{
    size_t room = 0;
    for (size_t i = 0; i < catalogue->count; i++) {
        room += catalogue->services[i]->count;
    }
    *coverage = (struct coverage){
        .services = mem_new(catalogue->count + 1, sizeof(*coverage->services)),
        .items = mem_new(room + 1, sizeof(*coverage->items)),
    };
    for (size_t i = 0; i < catalogue->count; i++) {
        if (is_in_scope(catalogue->services[i], priority)) {
            add_service(coverage, packs, catalogue->services[i], priority);
        }
    }
}

void coverage_clear(struct coverage *coverage)
{
    free(coverage->services);
    free(coverage->items);
    *coverage = (struct coverage){0};
}

size_t coverage_permille(const size_t counts[VERDICT_COUNT])
{
    size_t all = 0;
    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        all += counts[i];
    }
    return all == 0 ? 1000 : (all - counts[VERDICT_UNDECIDED]) * 1000 / all;
}

/* Steele, Lea and Flood's splitmix64: the same numbers on every machine. */
static uint64_t next_random(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = *seed;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

size_t coverage_sample(const struct coverage *coverage, uint64_t seed, size_t count,
                       size_t *places)
{
    size_t left = coverage->count - coverage->counts[VERDICT_UNDECIDED];
    size_t wanted = count < left ? count : left;
    size_t chosen = 0;
    /* Each is taken with the chance that fills the sample: wanted of those left. */
    for (size_t i = 0; i < coverage->count && chosen < wanted; i++) {
        if (coverage->items[i].verdict.kind == VERDICT_UNDECIDED) {
            continue;
        }
        if (next_random(&seed) % left < wanted - chosen) {
            places[chosen++] = i;
        }
        left--;
    }
    return chosen;
}
