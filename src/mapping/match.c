#include "mapping/match.h"

#include "mapping/operation.h"

void match_clear(struct match *match)
{
    values_clear(&match->detail);
    buf_clear(&match->name);
    buf_clear(&match->text);
    *match = (struct match){0};
}

void match_prepare(struct match *match, const struct mapping *mapping)
{
    if (match->mapping == mapping) {
        return;
    }
    match_clear(match);
    match->mapping = mapping;
    for (const struct plan *plan = mapping->plans; plan != NULL; plan = plan->next) {
        if (plan->paths != NULL) {
            values_widen(&match->detail, plan->paths);
        }
    }
    buf_init(&match->name, RECORD_SIZE_MAX);
    buf_init(&match->text, RECORD_SIZE_MAX);
}

/* The first value that is not null, of the first spelling that is no object; or NULL. */
static const struct value *first_value(const struct values *values,
                                       const struct shape_pick *pick)
{
    const struct value *found = NULL;
    for (size_t i = 0; i < RECORD_SPELLINGS && pick->slots[i] != SLOT_NONE; i++) {
        const struct value *value = &values->items[pick->slots[i]];
        while (value != NULL && value->type <= VALUE_NULL) {
            value = values_next(values, value);
        }
        found = value == NULL ? found : value;
        if (value != NULL && value->type < VALUE_OBJECT) {
            break;
        }
    }
    return found;
}

/* What rules call a record that names no operation; empty for most shapes. */
static struct bytes only_name(const struct record_shape *shape, struct match *match)
{
    match->name.size = 0;
    if (shape->only_operation == NULL ||
        !buf_add_text(&match->name, shape->only_operation)) {
        return (struct bytes){0};
    }
    operation_fold(match->name.data, shape->fold_case ? match->name.size : 0);
    return buf_bytes(&match->name);
}

/* The name in value as the compiled rules spell it; empty when there is none. */
static struct bytes name_of(const struct value *value, bool fold_case,
                            struct match *match)
{
    struct bytes name = {0};
    if (value == NULL || !condition_text(value, &match->name, &name)) {
        return (struct bytes){0};
    }
    if (!fold_case) {
        return name;
    }
    if (name.data != match->name.data) {
        match->name.size = 0;
        if (!buf_add_bytes(&match->name, name)) {
            return (struct bytes){0};
        }
    }
    operation_fold(match->name.data, match->name.size);
    return buf_bytes(&match->name);
}

const struct service *match_service(const struct mapping *mapping,
                                    const struct values *values, struct match *match)
{
    const struct record_shape *shape = mapping->shape;
    bool is_named = shape->service_path != NULL && !shape->any_service;
    const struct value *value = is_named ? first_value(values, &mapping->service) : NULL;
    if (value == NULL && is_named) {
        return NULL;
    }
    return lookup_find(&mapping->by_service, name_of(value, shape->fold_case, match));
}

const struct plan *match_plan(const struct mapping *mapping,
                              const struct service *service, const struct values *values,
                              struct match *match, struct bytes *name)
{
    const struct value *value = first_value(values, &mapping->operation);
    *name = value == NULL ? only_name(mapping->shape, match)
                          : name_of(value, mapping->shape->fold_case, match);
    if (mapping->shape->strip_versions) {
        *name = operation_strip(*name);
    }
    if (mapping->shape->drop_versions && name->data == match->name.data) {
        name->size = operation_drop_versions(match->name.data, name->size);
    }
    if (service == NULL || name->size == 0) {
        return NULL;
    }
    const struct operation *operation = lookup_find(&service->by_name, *name);
    return operation == NULL ? service->plan : operation->plan;
}

void match_scan(const struct plan *plan, const struct record *record, struct match *match)
{
    if (plan->paths == NULL) {
        return;
    }
    struct values *detail = &match->detail;
    size_t used = 0;
    values_fit(detail, plan->paths);
    if (scan_value(plan->paths, record->bytes, detail, &used) != SCAN_DONE) {
        /* The first scan has read these bytes: this is a caller's mistake. */
        values_empty(detail);
    }
}

/* Fields are scalars, and an empty text says no more than an absent one. */
static bool is_shown(const struct value *value)
{
    return value->size > 0 && value->type > VALUE_NULL && value->type < VALUE_OBJECT;
}

/* Moves *at from a slot to its first value that a field can show. */
static bool find_shown(const struct values *values, size_t *at)
{
    do {
        if (is_shown(&values->items[*at])) {
            return true;
        }
        *at = values->items[*at].next;
    } while (*at != 0);
    return false;
}

static void fill_field(struct match *match, size_t field, const struct values *values,
                       const int *slots, size_t count)
{
    if (match->fields[field] != NULL) {
        return; /* a rule's own comes before the pack's */
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        const struct values *from = match_values(values, match, slots[i], &at);
        if (find_shown(from, &at)) {
            match->fields[field] = &from->items[at];
            match->field_values[field] = from;
            return;
        }
    }
}

/* What every record is asked, and most records do not have, costs no call. */
static bool is_held(const struct condition *condition, const struct values *values,
                    size_t at, struct match *match)
{
    return values->items[at].type == VALUE_NONE
               ? condition->is_negated
               : condition_holds(condition, values, at, &match->text);
}

static bool all_hold(const struct conditions *when, const int *slots,
                     const struct values *values, struct match *match)
{
    for (size_t i = 0; i < when->count; i++) {
        size_t at = 0;
        const struct values *from = match_values(values, match, slots[i], &at);
        if (!is_held(&when->items[i], from, at, match)) {
            return false;
        }
    }
    return true;
}

static void add_rule(const struct candidate *candidate, const struct values *values,
                     struct match *match)
{
    const struct pack_rule *rule = candidate->rule;
    const int *slots = candidate->slots + rule->when.count;
    match->rules[match->rule_count++] = &rule->rule;
    match->principles |= rule->rule.principles;
    for (size_t i = 0; i < rule->fields.count; i++) {
        const struct pack_field *field = &rule->fields.items[i];
        fill_field(match, field->field, values, slots, field->paths.count);
        slots += field->paths.count;
    }
}

static void try_rules(const struct plan *plan, struct bytes name,
                      const struct values *values, struct match *match)
{
    for (size_t i = 0; i < plan->count && match->rule_count < MATCH_RULES_MAX; i++) {
        const struct candidate *candidate = &plan->candidates[i];
        if (plan_is_named(candidate, name) &&
            all_hold(&candidate->rule->when, candidate->slots, values, match)) {
            add_rule(candidate, values, match);
        }
    }
}

static enum event_outcome find_outcome(const struct mapping *mapping,
                                       const struct values *values, struct match *match)
{
    for (size_t i = 0; i < mapping->outcome_count; i++) {
        const struct outcome_pick *pick = &mapping->outcomes[i];
        if (all_hold(&pick->outcome->when, pick->slots, values, match)) {
            return pick->outcome->is;
        }
    }
    return OUTCOME_UNKNOWN;
}

static struct bytes insides(const struct values *values, const struct shape_pick *pick)
{
    const struct value *value = first_value(values, pick);
    return value == NULL ? (struct bytes){0} : (struct bytes){value->data, value->size};
}

void mapping_match(const struct mapping *mapping, const struct record *record,
                   const struct values *values, struct match *match)
{
    match_prepare(match, mapping);
    match->rule_count = 0;
    match->principles = 0;
    memset(match->fields, 0, sizeof(match->fields));

    const struct service *service = match_service(mapping, values, match);
    struct bytes name = {0};
    const struct plan *plan = match_plan(mapping, service, values, match, &name);
    if (plan != NULL) {
        match_scan(plan, record, match);
        try_rules(plan, name, values, match);
    }
    for (size_t i = 0; i < mapping->field_count; i++) {
        const struct field_pick *pick = &mapping->fields[i];
        fill_field(match, pick->field, values, pick->slots, pick->count);
    }

    match->outcome = find_outcome(mapping, values, match);
    match->service = insides(values, &mapping->service);
    match->operation = insides(values, &mapping->operation);
    match->time = first_value(values, &mapping->time);
    match->account = first_value(values, &mapping->account);
    match->region = first_value(values, &mapping->region);
    for (size_t i = 0; i < RECORD_ACTORS; i++) {
        match->actors[i] = first_value(values, &mapping->actors[i]);
    }
    for (size_t i = 0; i < RECORD_ID_PARTS; i++) {
        match->id_parts[i] = first_value(values, &mapping->id_parts[i]);
    }
    match->first = first_value(values, &mapping->first);
    match->last = first_value(values, &mapping->last);
    changes_find(mapping, values, &match->changes);
}
