#include "mapping/verdict.h"

bool verdict_has_services(const struct record_shape *shape)
{
    return shape->service_path != NULL && !shape->any_service;
}

const struct plan *verdict_plan(const struct mapping *mapping, const char *service,
                                const char *operation)
{
    const char *name = verdict_has_services(mapping->shape) ? service : "";
    const struct service *found = lookup_find(&mapping->by_service, bytes_of(name));
    if (found == NULL) {
        return NULL;
    }
    const struct operation *named = lookup_find(&found->by_name, bytes_of(operation));
    return named == NULL ? found->plan : named->plan;
}

static void add_rule(struct verdict *verdict, const struct pack_rule *rule)
{
    bool is_certain = rule->when.count == 0;
    verdict->principles |= rule->rule.principles;
    verdict->certain |= is_certain ? rule->rule.principles : 0;
    verdict->rule = verdict->rule == NULL ? rule : verdict->rule;
    if (is_certain) {
        verdict->kind = VERDICT_MAPPED;
    } else if (verdict->kind == VERDICT_UNDECIDED) {
        verdict->kind = VERDICT_CONDITIONAL;
    }
}

struct verdict verdict_find(const struct verdict_packs *packs, const char *service,
                            const char *operation)
{
    struct verdict verdict = {.kind = VERDICT_UNDECIDED};
    const struct plan *plan = verdict_plan(packs->mapping, service, operation);
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        const struct candidate *candidate = &plan->candidates[i];
        if (candidate->rule->rule.principles != 0 &&
            plan_is_named(candidate, bytes_of(operation))) {
            add_rule(&verdict, candidate->rule);
        }
    }
    verdict.decision = decisions_find(packs->decisions, packs->mapping->shape,
                                      bytes_of(service), bytes_of(operation));
    if (verdict.kind == VERDICT_UNDECIDED && verdict.decision != NULL) {
        verdict.kind = VERDICT_NONE;
    }
    return verdict;
}
