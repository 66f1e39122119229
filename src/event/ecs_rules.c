#include "config/principle.h"
#include "event/ecs.h"

/* A member that is a text of ours; absent when NULL or empty. */
static void add_word(struct ecs *ecs, const struct member *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        writer_name(&ecs->writer, name);
        writer_text(&ecs->writer, bytes_of(text));
    }
}

static void write_principles(struct ecs *ecs)
{
    if (ecs->match->principles == 0) {
        return;
    }
    writer_name(&ecs->writer, NAME("moj", "principles"));
    writer_array_open(&ecs->writer);
    for (uint32_t left = ecs->match->principles; left != 0; left &= left - 1) {
        writer_safe(&ecs->writer, principles[__builtin_ctz(left)].ref);
    }
    writer_array_close(&ecs->writer);
}

static bool has_requirement(const struct rule *rule, const char *requirement)
{
    const char *const *one = rule->requirements;
    while (one != NULL && *one != NULL && strcmp(*one, requirement) != 0) {
        one++;
    }
    return one != NULL && *one != NULL;
}

/* True when a rule before place has the requirement too. */
static bool is_repeat(const struct match *match, size_t place, const char *requirement)
{
    size_t i = 0;
    while (i < place && !has_requirement(match->rules[i], requirement)) {
        i++;
    }
    return i < place;
}

/* The requirements of the rule at place that no rule before it has. */
static void write_new_requirements(struct ecs *ecs, size_t place, bool *is_open)
{
    const char *const *one = ecs->match->rules[place]->requirements;
    for (; one != NULL && *one != NULL; one++) {
        bool is_new = !is_repeat(ecs->match, place, *one);
        if (is_new && !*is_open) {
            writer_name(&ecs->writer, NAME("moj", "requirements"));
            writer_array_open(&ecs->writer);
            *is_open = true;
        }
        if (is_new) {
            writer_text(&ecs->writer, bytes_of(*one));
        }
    }
}

static void write_requirements(struct ecs *ecs)
{
    bool is_open = false;
    for (size_t i = 0; i < ecs->match->rule_count; i++) {
        write_new_requirements(ecs, i, &is_open);
    }
    if (is_open) {
        writer_array_close(&ecs->writer);
    }
}

/* One rule that sees the evidence touched is enough. */
static void write_tamper(struct ecs *ecs)
{
    bool is_tamper = false;
    for (size_t i = 0; i < ecs->match->rule_count; i++) {
        is_tamper = is_tamper || ecs->match->rules[i]->is_tamper;
    }
    if (is_tamper) {
        writer_name(&ecs->writer, NAME("moj", "tamper"));
        writer_plain(&ecs->writer, "true");
    }
}

/* What the rules say: of the words, the first rule that has one. */
void ecs_write_rules(struct ecs *ecs)
{
    const struct match *match = ecs->match;
    const char *action = NULL;
    enum change change = CHANGE_NONE;
    for (size_t i = match->rule_count; i > 0; i--) {
        const struct rule *rule = match->rules[i - 1];
        action = rule->action != NULL ? rule->action : action;
        change = rule->change != CHANGE_NONE ? rule->change : change;
    }
    write_principles(ecs);
    write_requirements(ecs);
    write_tamper(ecs);
    add_word(ecs, NAME("moj", "action"), action);
    add_word(ecs, NAME("moj", "change"),
             change == CHANGE_NONE ? NULL : change_names[change]);
    add_word(ecs, NAME("moj", "privileged"),
             privileged_names[mapping_privileged(ecs->origin->mapping, match)]);
    if (match->rule_count == 0) {
        return;
    }
    writer_name(&ecs->writer, NAME("moj", "rule_ids"));
    writer_array_open(&ecs->writer);
    for (size_t i = 0; i < match->rule_count; i++) {
        writer_text(&ecs->writer, bytes_of(match->rules[i]->id));
    }
    writer_array_close(&ecs->writer);
}
