#include "mapping/explain.h"

#include "base/text.h"
#include "config/principle.h"
#include "mapping/match.h"
#include "mapping/operation.h"

#include <stdlib.h>

enum { VALUE_SHOWN_MAX = 120, SUGGESTIONS_MAX = 5, NAME_SIZE = 64 };

/* What is at work while one record is explained. */
struct explainer {
    const struct mapping *mapping;
    const struct decisions *decisions; /* NULL: nothing is said of them */
    const struct values *values;
    struct match *match;
    struct buf *out;
};

/* The record's words may hold anything: nothing of them may move the cursor. */
static void add_shown(struct buf *out, struct bytes text)
{
    char shown[VALUE_SHOWN_MAX + 1];
    size_t size = text.size < VALUE_SHOWN_MAX ? text.size : VALUE_SHOWN_MAX;
    if (size > 0) {
        memcpy(shown, text.data, size);
    }
    shown[size] = '\0';
    while (strlen(shown) < size) {
        shown[strlen(shown)] = '?'; /* it would hide what follows */
    }
    text_make_printable(shown);
    buf_addf(out, "%s%s", shown, size < text.size ? "..." : "");
}

static void add_principles(struct buf *out, uint32_t bits)
{
    if (bits == 0) {
        buf_add_text(out, "no principle");
        return;
    }
    const char *between = "";
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if ((bits & principle_bit(&principles[i])) != 0) {
            buf_addf(out, "%s%s (%s)", between, principles[i].ref, principles[i].title);
            between = ", ";
        }
    }
}

static void add_found(const struct explainer *explainer, const struct values *values,
                      size_t at)
{
    size_t count = 0;
    const struct value *value = values_at(values, at);
    for (; value != NULL && count < SUGGESTIONS_MAX; value = values_next(values, value)) {
        struct bytes text = {0};
        if (value->type <= VALUE_NULL) {
            continue;
        }
        buf_add_text(explainer->out, count++ == 0 ? "the record has " : ", ");
        if (condition_text(value, &explainer->match->text, &text)) {
            buf_add_byte(explainer->out, '"');
            add_shown(explainer->out, text);
            buf_add_byte(explainer->out, '"');
        } else {
            bool is_object = value->type == VALUE_OBJECT;
            buf_add_text(explainer->out, is_object ? "an object" : "a list");
        }
    }
    if (count == 0) {
        buf_add_text(explainer->out, "the record has none");
    }
}

static bool try_condition(const struct explainer *explainer,
                          const struct candidate *candidate, size_t i)
{
    size_t at = 0;
    const struct values *values =
        match_values(explainer->values, explainer->match, candidate->slots[i], &at);
    return condition_holds(&candidate->rule->when.items[i], values, at,
                           &explainer->match->text);
}

static void explain_condition(const struct explainer *explainer,
                              const struct candidate *candidate, size_t i)
{
    const struct condition *condition = &candidate->rule->when.items[i];
    size_t at = 0;
    const struct values *values =
        match_values(explainer->values, explainer->match, candidate->slots[i], &at);
    bool holds = try_condition(explainer, candidate, i);
    buf_addf(explainer->out, "      %s  %s ", holds ? "holds" : "FAILS", condition->path);
    condition_describe(condition, explainer->out);
    buf_add_text(explainer->out, "; ");
    add_found(explainer, values, at);
    buf_add_byte(explainer->out, '\n');
}

static void explain_rule(const struct explainer *explainer,
                         const struct candidate *candidate)
{
    const struct pack_rule *rule = candidate->rule;
    bool is_match = true;
    for (size_t i = 0; i < rule->when.count; i++) {
        is_match = try_condition(explainer, candidate, i) && is_match;
    }
    buf_addf(explainer->out, "  %s  %s (%s:%d)  ", is_match ? "matches" : "near miss",
             rule->rule.id, rule->rule.file, rule->rule.line);
    add_principles(explainer->out, rule->rule.principles);
    buf_add_byte(explainer->out, '\n');
    if (rule->why != NULL) {
        buf_add_text(explainer->out, "      why    ");
        add_shown(explainer->out, bytes_of(rule->why));
        buf_add_byte(explainer->out, '\n');
    }
    for (size_t i = 0; i < rule->when.count; i++) {
        explain_condition(explainer, candidate, i);
    }
}

static const char *name_of(struct bytes name, char out[NAME_SIZE])
{
    size_t size = name.size < NAME_SIZE - 1 ? name.size : NAME_SIZE - 1;
    if (size > 0) {
        memcpy(out, name.data, size);
    }
    out[size] = '\0';
    return out;
}

/* Names operations that are near to wanted, or those that are not; at most left. */
static size_t list_operations(const struct explainer *explainer,
                              const struct service *service, const char *wanted,
                              bool is_near, size_t left)
{
    const struct operation *operation = service->operations;
    for (; operation != NULL && left > 0; operation = operation->next) {
        if ((text_nearest(wanted, &operation->name, 1) != NULL) != is_near) {
            continue;
        }
        const struct rule *rule = &operation->candidates[0].rule->rule;
        buf_addf(explainer->out, "  %s  %s: rule %s (%s:%d)\n",
                 is_near ? "close" : "known", operation->name, rule->id, rule->file,
                 rule->line);
        left--;
    }
    return left;
}

/* Says which operation's rules may have been meant: near ones, then any of the service.
 */
static void suggest_operations(const struct explainer *explainer,
                               const struct service *service, struct bytes name)
{
    char wanted[NAME_SIZE];
    name_of(name, wanted);
    size_t left = list_operations(explainer, service, wanted, true, SUGGESTIONS_MAX);
    list_operations(explainer, service, wanted, false, left);
}

static void suggest_service(const struct explainer *explainer)
{
    char wanted[NAME_SIZE];
    name_of(explainer->match->service, wanted);
    const struct service *service = explainer->mapping->services;
    for (; service != NULL; service = service->next) {
        if (text_nearest(wanted, &service->name, 1) != NULL) {
            buf_addf(explainer->out, "  close  service %s\n", service->name);
        }
    }
}

static void explain_unknown(const struct explainer *explainer,
                            const struct service *service, struct bytes name)
{
    if (service == NULL) {
        buf_add_text(explainer->out, "  no rule names this service\n");
        suggest_service(explainer);
    } else {
        buf_add_text(explainer->out, "  no rule names this operation\n");
        suggest_operations(explainer, service, name);
    }
    if (name.size > 0 && explainer->decisions != NULL) {
        buf_add_text(explainer->out,
                     "  undecided  nobody has judged it; write a rule, or an entry of "
                     "no_principle (docs/mappings.md)\n");
    }
}

static void explain_head(const struct explainer *explainer)
{
    const struct match *match = explainer->match;
    bool has_operation = match->operation.size > 0;
    add_shown(explainer->out,
              has_operation ? match->operation : bytes_of("(no operation)"));
    if (match->service.size > 0) {
        buf_add_text(explainer->out, " of ");
        add_shown(explainer->out, match->service);
    }
    buf_add_byte(explainer->out, '\n');
}

static void explain_result(const struct explainer *explainer)
{
    static const char *const outcomes[] = {
        [OUTCOME_UNKNOWN] = "unknown",
        [OUTCOME_SUCCESS] = "success",
        [OUTCOME_FAILURE] = "failure",
    };
    buf_add_text(explainer->out, "  = ");
    add_principles(explainer->out, explainer->match->principles);
    buf_addf(explainer->out, "; outcome %s%s\n", outcomes[explainer->match->outcome],
             explainer->match->rule_count == 0 ? "; delivered all the same" : "");
}

/* Who decided that the operation answers nothing. False when nobody did. */
static bool explain_decision(const struct explainer *explainer, struct bytes name)
{
    struct buf *out = explainer->out;
    const struct decision *decision =
        explainer->decisions == NULL
            ? NULL
            : decisions_find(explainer->decisions, explainer->mapping->shape,
                             explainer->match->service, name);
    if (decision == NULL) {
        return false;
    }
    buf_addf(out, "  decided  no principle: %s (%s:%d)\n",
             decision_names[decision->class], decision->file, decision->place.line);
    if (decision->why != NULL) {
        buf_add_text(out, "      why    ");
        add_shown(out, bytes_of(decision->why));
        buf_add_byte(out, '\n');
    }
    return true;
}

/* Every rule that is tried on the operation called name. False when there is none. */
static bool explain_rules(const struct explainer *explainer, const struct plan *plan,
                          struct bytes name)
{
    bool is_tried = false;
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        if (plan_is_named(&plan->candidates[i], name)) {
            explain_rule(explainer, &plan->candidates[i]);
            is_tried = true;
        }
    }
    return is_tried;
}

void explain_record(const struct mapping *mapping, const struct decisions *decisions,
                    const struct record *record, const struct values *values,
                    struct buf *out)
{
    struct match match = {0};
    const struct explainer explainer = {mapping, decisions, values, &match, out};
    mapping_match(mapping, record, values, &match);
    explain_head(&explainer);

    const struct service *service = match_service(mapping, values, &match);
    struct bytes name = {0};
    const struct plan *plan = match_plan(mapping, service, values, &match, &name);
    if (plan != NULL) {
        match_scan(plan, record, &match);
    }
    bool is_tried = explain_rules(&explainer, plan, name);
    bool is_decided = match.rule_count == 0 && explain_decision(&explainer, name);
    if (!is_tried && !is_decided) {
        explain_unknown(&explainer, service, name);
    }
    explain_result(&explainer);
    match_clear(&match);
}
