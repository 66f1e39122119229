#include "record/paths.h"

#include "base/mem.h"
#include "record/trie.h"

#include <assert.h>
#include <stdlib.h>

enum step_kind { STEP_KEY, STEP_EACH, STEP_FILTER, STEP_INNER };

struct step {
    enum step_kind kind;
    struct bytes key;
    struct bytes value; /* STEP_FILTER */
};

/* text is a copy in which quoted keys are unquoted in place. */
struct parser {
    char *text;
    size_t at;
    struct step steps[PATHS_STEPS_MAX];
    size_t step_count;
    size_t bracket_count;
    const char *fault;
};

static bool fault(struct parser *parser, const char *why)
{
    parser->fault = why;
    return false;
}

/* "any \"key\"": a backslash takes the next byte as it is. */
static bool read_quoted(struct parser *parser, struct bytes *word)
{
    char *out = parser->text + parser->at;
    *word = (struct bytes){(uint8_t *)out, 0};
    parser->at++;
    for (;;) {
        char next = parser->text[parser->at];
        if (next == '\\') {
            next = parser->text[++parser->at];
        } else if (next == '"') {
            parser->at++;
            return true;
        }
        if (next == '\0') {
            return fault(parser, "a quote is not closed");
        }
        out[word->size++] = next;
        parser->at++;
    }
}

/* A quoted word, or a bare one that ends before any of ends. */
static bool read_key(struct parser *parser, const char *ends, struct bytes *word)
{
    const char *start = parser->text + parser->at;
    if (*start == '"') {
        return read_quoted(parser, word);
    }
    *word = (struct bytes){(const uint8_t *)start, strcspn(start, ends)};
    if (word->size == 0) {
        return fault(parser, "a key is missing");
    }
    for (size_t i = 0; i < word->size; i++) {
        if (word->data[i] <= ' ' || word->data[i] == 0x7f) {
            parser->at += i;
            return fault(parser, "a key with white space must be quoted");
        }
    }
    parser->at += word->size;
    return true;
}

static bool read_bracket(struct parser *parser, struct step *step)
{
    if (++parser->bracket_count > PATHS_BRACKETS_MAX) {
        return fault(parser, "more than two brackets");
    }
    parser->at++;
    step->kind = STEP_EACH;
    if (strncmp(parser->text + parser->at, "*]", 2) == 0) {
        parser->at += 2;
        return true;
    }
    step->kind = STEP_FILTER;
    if (!read_key(parser, "=]\"[", &step->key)) {
        return false;
    }
    if (parser->text[parser->at] != '=') {
        return fault(parser, "a bracket holds '*' or key=value");
    }
    parser->at++;
    const char *start = parser->text + parser->at;
    if (*start == '"') {
        if (!read_quoted(parser, &step->value)) {
            return false;
        }
    } else {
        step->value = (struct bytes){(const uint8_t *)start, strcspn(start, "]")};
        parser->at += step->value.size;
    }
    if (parser->text[parser->at] != ']') {
        return fault(parser, "']' is missing");
    }
    parser->at++;
    return true;
}

static bool read_step(struct parser *parser)
{
    if (parser->step_count == PATHS_STEPS_MAX) {
        return fault(parser, "more than twelve steps");
    }
    struct step *step = &parser->steps[parser->step_count++];
    char next = parser->text[parser->at];
    *step = (struct step){.kind = STEP_KEY};
    if (parser->step_count > 1 && next == '[') {
        return read_bracket(parser, step);
    }
    if (parser->step_count > 1 && next == '!') {
        step->kind = STEP_INNER;
        parser->at++;
        return true;
    }
    if (parser->step_count > 1) {
        if (next != '.') {
            return fault(parser, "'.', '[' or '!' must follow");
        }
        parser->at++;
    }
    return read_key(parser, ".[]!\"", &step->key);
}

static struct trie_node *add_node(struct paths *paths)
{
    size_t count = paths->node_count;
    paths->nodes = mem_resize(paths->nodes, count + 1, sizeof(struct trie_node *));
    struct trie_node *node = mem_new(1, sizeof(*node));
    node->slot = -1;
    node->id = (uint32_t)count;
    paths->nodes[count] = node;
    paths->node_count++;
    return node;
}

static void fill_table(struct trie_node *node, struct trie_entry entry)
{
    size_t at = trie_hash(entry.first, entry.last);
    while (node->table[at & node->mask].node != NULL) {
        at++;
    }
    node->table[at & node->mask] = entry;
}

/* Makes room for one more key, so that at least half of the table stays empty. */
static void grow_table(struct trie_node *node)
{
    size_t room = node->table == NULL ? 0 : node->mask + 1;
    if (node->key_count * 2 < room) {
        return;
    }
    struct trie_entry *old = node->table;
    size_t wider = room == 0 ? 2 : 2 * room;
    node->table = mem_new(wider, sizeof(*node->table));
    node->mask = wider - 1;
    for (size_t i = 0; i < room; i++) {
        if (old[i].node != NULL) {
            fill_table(node, old[i]);
        }
    }
    free(old);
}

static struct trie_node *key_node(struct paths *paths, struct trie_node *node,
                                  struct bytes key)
{
    uint8_t *copy = mem_new(key.size + BUF_PADDING, 1);
    memcpy(copy, key.data, key.size);
    struct bytes padded = {copy, key.size};
    struct trie_node *found = trie_find(node, padded);
    if (found != NULL) {
        free(copy);
        return found;
    }
    struct trie_entry entry = {.key = copy, .size = key.size, .node = add_node(paths)};
    trie_ends(padded, &entry.first, &entry.last);
    grow_table(node);
    fill_table(node, entry);
    node->sizes |= (uint64_t)1 << (key.size % 64);
    node->key_count++;
    return entry.node;
}

static struct bytes copy_bytes(struct bytes bytes)
{
    return (struct bytes){(uint8_t *)mem_dup_bytes(bytes.data, bytes.size), bytes.size};
}

static struct trie_node *filter_node(struct paths *paths, struct trie_node *node,
                                     const struct step *step)
{
    for (size_t i = 0; i < node->filter_count; i++) {
        struct trie_filter *filter = &node->filters[i];
        if (bytes_equal(filter->key, step->key) &&
            bytes_equal(filter->value, step->value)) {
            return filter->node;
        }
    }
    node->filters =
        mem_resize(node->filters, node->filter_count + 1, sizeof(*node->filters));
    struct trie_filter *filter = &node->filters[node->filter_count++];
    *filter = (struct trie_filter){copy_bytes(step->key), copy_bytes(step->value),
                                   add_node(paths)};
    return filter->node;
}

static struct trie_node *step_node(struct paths *paths, struct trie_node *node,
                                   const struct step *step)
{
    switch (step->kind) {
    case STEP_KEY:
        return key_node(paths, node, step->key);
    case STEP_FILTER:
        return filter_node(paths, node, step);
    case STEP_EACH:
        if (node->each == NULL) {
            node->each = add_node(paths);
        }
        return node->each;
    case STEP_INNER:
        break;
    }
    if (node->inner == NULL) {
        node->inner = add_node(paths);
        paths->inner_count++;
    }
    return node->inner;
}

struct paths *paths_new(void)
{
    struct paths *paths = mem_new(1, sizeof(*paths));
    add_node(paths);
    return paths;
}

static void free_node(struct trie_node *node)
{
    for (size_t i = 0; node->table != NULL && i <= node->mask; i++) {
        free((void *)node->table[i].key);
    }
    for (size_t i = 0; i < node->filter_count; i++) {
        free((void *)node->filters[i].key.data);
        free((void *)node->filters[i].value.data);
    }
    free(node->table);
    free(node->filters);
    free(node);
}

void paths_free(struct paths *paths)
{
    if (paths == NULL) {
        return;
    }
    for (size_t i = 0; i < paths->node_count; i++) {
        free_node(paths->nodes[i]);
    }
    for (size_t i = 0; i < paths->slot_count; i++) {
        free(paths->texts[i]);
    }
    free(paths->nodes);
    free(paths->texts);
    free(paths);
}

bool paths_add(struct paths *paths, const char *text, size_t *slot, struct error *err)
{
    assert(!paths->is_sealed);
    struct parser parser = {.text = mem_dup(text)};
    bool ok = true;
    do {
        ok = read_step(&parser);
    } while (ok && parser.text[parser.at] != '\0');
    if (!ok) {
        error_set(err, ERROR_CONFIG, "path \"%s\": column %zu: %s", text, parser.at + 1,
                  parser.fault);
        free(parser.text);
        return false;
    }

    struct trie_node *node = paths->nodes[0];
    for (size_t i = 0; i < parser.step_count; i++) {
        node = step_node(paths, node, &parser.steps[i]);
    }
    free(parser.text);
    if (node->slot < 0) {
        node->slot = (int32_t)paths->slot_count;
        paths->texts =
            mem_resize(paths->texts, paths->slot_count + 1, sizeof(*paths->texts));
        paths->texts[paths->slot_count++] = mem_dup(text);
    }
    *slot = (size_t)node->slot;
    return true;
}

size_t paths_count(const struct paths *paths)
{
    return paths->slot_count;
}

const char *paths_text(const struct paths *paths, size_t slot)
{
    return paths->texts[slot];
}

void paths_seal(struct paths *paths)
{
    paths->is_sealed = true;
}
