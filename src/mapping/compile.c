#include "mapping/compiled.h"

#include "config/principle.h"
#include "mapping/service.h"

#include <stdint.h>
#include <string.h>

/* What is at work while one mapping is compiled. */
struct compiler {
    struct mapping *mapping;
    const struct pack *const *packs;
    size_t pack_count;
    struct arena *arena;
    struct problems *problems;
    const struct pack *last_pack; /* whose outcome always holds */
    const struct pack_outcome *last_outcome;
};

/* The rule that an id stands for; a replacement changes it. */
struct id_holder {
    struct pack_rule *rule; /* NULL: replaced by a rule of another id */
};

/* Slots are kept in the lookup as pointers, one more than they are. */
int mapping_base_slot(const struct mapping *mapping, const char *path)
{
    void *thing = lookup_find(&mapping->base_slots, bytes_of(path));
    return thing == NULL ? SLOT_NONE : (int)(intptr_t)thing - 1;
}

static int add_base(struct compiler *compiler, const char *path)
{
    struct mapping *mapping = compiler->mapping;
    if (path == NULL) {
        return SLOT_NONE;
    }
    int known = mapping_base_slot(mapping, path);
    size_t slot = 0;
    if (known != SLOT_NONE || !paths_add(mapping->paths, path, &slot, NULL)) {
        return known; /* a path that is none is a problem already */
    }
    lookup_add(&mapping->base_slots, compiler->arena, bytes_of(path),
               (void *)(intptr_t)(slot + 1));
    return (int)slot;
}

/* path may be several, split by '|'. */
static struct shape_pick add_spellings(struct compiler *compiler, const char *path)
{
    struct shape_pick pick;
    for (size_t i = 0; i < RECORD_SPELLINGS; i++) {
        if (path == NULL) {
            pick.slots[i] = SLOT_NONE;
            continue;
        }
        size_t size = strcspn(path, "|");
        char *spelling = arena_text(compiler->arena, path);
        spelling[size] = '\0';
        pick.slots[i] = add_base(compiler, spelling);
        path = path[size] == '\0' ? NULL : path + size + 1;
    }
    return pick;
}

static void add_changes(struct compiler *compiler, const struct record_changes *changes)
{
    struct change_picks *picks = &compiler->mapping->changes;
    if (changes == NULL) {
        return;
    }
    for (size_t i = 0; i < RECORD_CHANGE_LISTS; i++) {
        picks->lists[i] = add_base(compiler, changes->lists[i]);
    }
    picks->member = add_base(compiler, changes->member);
    picks->paths = paths_new();
    paths_add(picks->paths, changes->change, &picks->slots.change, NULL);
    paths_add(picks->paths, changes->role, &picks->slots.role, NULL);
    paths_add(picks->paths, changes->condition, &picks->slots.condition, NULL);
    const char *second = strchr(changes->members, '|');
    size_t size =
        second == NULL ? strlen(changes->members) : (size_t)(second - changes->members);
    char *spelling = arena_text(compiler->arena, changes->members);
    spelling[size] = '\0';
    paths_add(picks->paths, spelling, &picks->slots.member, NULL);
    paths_add(picks->paths, second == NULL ? spelling : second + 1, &picks->slots.members,
              NULL);
    paths_seal(picks->paths);
}

static void add_shape(struct compiler *compiler)
{
    struct mapping *mapping = compiler->mapping;
    const struct record_shape *shape = mapping->shape;
    for (size_t i = 0; i < RECORD_ID_PARTS; i++) {
        mapping->id_parts[i] = add_spellings(compiler, shape->id_parts[i].path);
    }
    mapping->time = add_spellings(compiler, shape->time_path);
    mapping->service = add_spellings(compiler, shape->service_path);
    mapping->operation = add_spellings(compiler, shape->operation_path);
    mapping->account = add_spellings(compiler, shape->account_path);
    mapping->region = add_spellings(compiler, shape->region_path);
    for (size_t i = 0; i < RECORD_ACTORS; i++) {
        mapping->actors[i] = add_spellings(compiler, shape->actor_paths[i]);
    }
    mapping->first = add_spellings(compiler, shape->first_path);
    mapping->last = add_spellings(compiler, shape->last_path);
    add_changes(compiler, shape->changes);
}

static struct texts paths_of(const struct pack *pack, size_t field)
{
    for (size_t i = 0; i < pack->fields.count; i++) {
        if (pack->fields.items[i].field == field) {
            return pack->fields.items[i].paths;
        }
    }
    return (struct texts){0};
}

/* Every pack's paths for one field; an earlier pack's are tried first. */
static void add_field(struct compiler *compiler, size_t field)
{
    struct mapping *mapping = compiler->mapping;
    size_t room = 0;
    for (size_t i = 0; i < compiler->pack_count; i++) {
        room += paths_of(compiler->packs[i], field).count;
    }
    if (room == 0) {
        return;
    }
    size_t count = 0;
    int *slots = arena_alloc(compiler->arena, room, sizeof(*slots));
    for (size_t i = 0; i < compiler->pack_count; i++) {
        struct texts paths = paths_of(compiler->packs[i], field);
        for (size_t j = 0; j < paths.count; j++) {
            slots[count] = add_base(compiler, paths.items[j]);
            count += slots[count] == SLOT_NONE ? 0 : 1;
        }
    }
    mapping->fields[mapping->field_count++] = (struct field_pick){field, slots, count};
}

static void add_outcome(struct compiler *compiler, const struct pack_outcome *outcome)
{
    struct mapping *mapping = compiler->mapping;
    int *slots = arena_alloc(compiler->arena, outcome->when.count, sizeof(*slots));
    for (size_t i = 0; i < outcome->when.count; i++) {
        slots[i] = add_base(compiler, outcome->when.items[i].path);
    }
    mapping->outcomes[mapping->outcome_count++] = (struct outcome_pick){outcome, slots};
}

static void add_pack_outcomes(struct compiler *compiler, const struct pack *pack)
{
    for (size_t i = 0; i < pack->outcome_count; i++) {
        const struct pack_outcome *outcome = &pack->outcomes[i];
        if (compiler->last_outcome != NULL) {
            problems_add(compiler->problems, pack->file, outcome->place.line,
                         outcome->place.column,
                         "this outcome is never reached: the one at %s:%d always "
                         "holds; remove it",
                         compiler->last_pack->file, compiler->last_outcome->place.line);
            continue;
        }
        add_outcome(compiler, outcome);
        if (outcome->is_always) {
            compiler->last_pack = pack;
            compiler->last_outcome = outcome;
        }
    }
}

static void add_outcomes(struct compiler *compiler)
{
    size_t room = 0;
    for (size_t i = 0; i < compiler->pack_count; i++) {
        room += compiler->packs[i]->outcome_count;
    }
    compiler->mapping->outcomes =
        arena_alloc(compiler->arena, room, sizeof(*compiler->mapping->outcomes));
    for (size_t i = 0; i < compiler->pack_count; i++) {
        add_pack_outcomes(compiler, compiler->packs[i]);
    }
}

/* Takes the rule that rule replaces out of play. */
static void replace_rule(struct compiler *compiler, const struct lookup *by_id,
                         const struct pack_rule *rule)
{
    struct id_holder *old = lookup_find(by_id, bytes_of(rule->replaces));
    if (old == NULL || old->rule == NULL || old->rule->rule.file == rule->rule.file) {
        problems_add(compiler->problems, rule->rule.file, rule->place.line,
                     rule->place.column,
                     "replaces \"%s\": no earlier pack has a rule of that id; correct it "
                     "or remove \"replaces\"",
                     rule->replaces);
        return;
    }
    old->rule->is_replaced = true;
    old->rule = NULL;
}

static void register_id(struct compiler *compiler, struct lookup *by_id,
                        struct pack_rule *rule)
{
    struct bytes id = bytes_of(rule->rule.id);
    struct id_holder *holder = lookup_find(by_id, id);
    if (holder == NULL) {
        holder = arena_alloc(compiler->arena, 1, sizeof(*holder));
        lookup_add(by_id, compiler->arena, id, holder);
    }
    if (holder->rule == NULL) {
        holder->rule = rule;
        return;
    }
    const struct pack_rule *first = holder->rule;
    bool is_own = first->rule.file == rule->rule.file;
    problems_add(compiler->problems, rule->rule.file, rule->place.line,
                 rule->place.column, "rule \"%s\" is already at %s:%d:%d; %s",
                 rule->rule.id, first->rule.file, first->place.line, first->place.column,
                 is_own ? "choose another id"
                        : "choose another id, or say that it replaces that rule");
}

static void register_rules(struct compiler *compiler, struct lookup *by_id,
                           const struct pack *pack)
{
    for (size_t i = 0; i < pack->rule_count; i++) {
        struct pack_rule *rule = &pack->rules[i];
        if (rule->replaces != NULL) {
            replace_rule(compiler, by_id, rule);
        }
        if (rule->rule.id != NULL) {
            register_id(compiler, by_id, rule);
        }
    }
}

/* Puts the rules of pack that no other replaces in order. */
static void keep_rules(struct mapping *mapping, const struct pack *pack)
{
    for (size_t i = 0; i < pack->rule_count; i++) {
        if (!pack->rules[i].is_replaced) {
            pack->rules[i].order = mapping->rule_count;
            mapping->rules[mapping->rule_count++] = &pack->rules[i];
        }
    }
}

static void add_rules(struct compiler *compiler)
{
    struct mapping *mapping = compiler->mapping;
    struct lookup by_id = {0};
    size_t room = 0;
    for (size_t i = 0; i < compiler->pack_count; i++) {
        room += compiler->packs[i]->rule_count;
        register_rules(compiler, &by_id, compiler->packs[i]);
    }
    mapping->rules = arena_alloc(compiler->arena, room, sizeof(struct pack_rule *));
    for (size_t i = 0; i < compiler->pack_count; i++) {
        keep_rules(mapping, compiler->packs[i]);
    }
}

void mapping_compile(struct mapping *mapping, const struct pack *const *packs,
                     size_t pack_count, struct arena *arena, struct problems *problems)
{
    struct compiler compiler = {.mapping = mapping,
                                .packs = packs,
                                .pack_count = pack_count,
                                .arena = arena,
                                .problems = problems};
    mapping->paths = paths_new();
    mapping->fields = arena_alloc(arena, FIELD_COUNT, sizeof(*mapping->fields));

    add_shape(&compiler);
    for (size_t field = 0; field < FIELD_COUNT; field++) {
        add_field(&compiler, field);
    }
    add_outcomes(&compiler);
    mapping->role_principles = principle_group('2');
    for (size_t i = 0; i < pack_count; i++) {
        privileged_add(&mapping->privileged, packs[i], mapping->shape->fold_case, arena);
    }
    add_rules(&compiler);
    paths_seal(mapping->paths);
    service_add_all(mapping, arena, problems);
    plan_all(mapping, arena, problems);
}
