#include "mapping/lint.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

enum { COMMON_FROM = 3, SLIP_WORD_MIN = 5 };

/* A part of an action between its '-'. */
struct word {
    const char *text;
    size_t count; /* of rules that use it */
    const struct pack_rule *first;
    struct word *next;
};

struct words {
    struct arena arena;
    struct lookup by_text;
    struct word *all;
};

static void add_word(struct words *words, const char *text, const struct pack_rule *rule)
{
    struct word *word = lookup_find(&words->by_text, bytes_of(text));
    if (word == NULL) {
        word = arena_alloc(&words->arena, 1, sizeof(*word));
        *word = (struct word){
            .text = arena_text(&words->arena, text), .first = rule, .next = words->all};
        words->all = word;
        lookup_add(&words->by_text, &words->arena, bytes_of(word->text), word);
    }
    word->count++;
}

static void add_action(struct words *words, const struct pack_rule *rule)
{
    char *action = mem_dup(rule->rule.action);
    char *rest = NULL;
    for (char *part = strtok_r(action, "-", &rest); part != NULL;
         part = strtok_r(NULL, "-", &rest)) {
        add_word(words, part, rule);
    }
    free(action);
}

/* True when left and right differ in two neighbours that changed places. */
static bool is_swapped(const char *left, const char *right)
{
    size_t at = 0;
    while (left[at] != '\0' && left[at] == right[at]) {
        at++;
    }
    return left[at] != '\0' && right[at] != '\0' && left[at] == right[at + 1] &&
           left[at + 1] == right[at] && strcmp(left + at + 2, right + at + 2) == 0;
}

/* "signin" and "signing" are two words; "group" and "groups" are one. */
static bool is_longer(const char *word, const char *common)
{
    size_t size = strlen(common);
    return strncmp(word, common, size) == 0 && strcmp(word + size, "s") != 0;
}

/* Short words are near to each other without being slips: role and rule. */
static bool is_slip(const char *word, const char *common)
{
    return strlen(word) >= SLIP_WORD_MIN && strlen(common) >= SLIP_WORD_MIN &&
           !is_longer(word, common) && !is_longer(common, word) &&
           (text_distance(word, common, 1) <= 1 || is_swapped(word, common));
}

static void check_word(const struct words *words, const struct word *word,
                       struct problems *findings)
{
    for (const struct word *other = words->all; other != NULL; other = other->next) {
        if (other->count >= COMMON_FROM && is_slip(word->text, other->text)) {
            problems_add(findings, word->first->rule.file, word->first->place.line,
                         word->first->place.column,
                         "action \"%s\" is the only one with the word \"%s\"; did you "
                         "mean \"%s\", which %zu rules use?",
                         word->first->rule.action, word->text, other->text, other->count);
            return;
        }
    }
}

static void add_actions(struct words *words, const struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->rule_count; i++) {
        if (mapping->rules[i]->rule.action != NULL) {
            add_action(words, mapping->rules[i]);
        }
    }
}

void lint_words(const struct mapping_set *set, struct problems *findings)
{
    struct words words = {0};
    for (size_t i = 0; i < set->count; i++) {
        add_actions(&words, &set->mappings[i]);
    }
    for (const struct word *word = words.all; word != NULL; word = word->next) {
        if (word->count == 1) {
            check_word(&words, word, findings);
        }
    }
    arena_clear(&words.arena);
}
