#include "record/walk.h"

#include "base/mem.h"
#include "record/skip.h"
#include "record/trie.h"

struct walk {
    struct reader reader;
    struct values *values;
    const struct paths *paths;
    struct document *document; /* NULL inside arrays: elements are not unwrapped */
    size_t room;               /* what strings behind '!' can need at most */
};

/* Kept out of line so that strings, which most values are, need no call. */
__attribute__((noinline)) static const uint8_t *walk_other(struct walk *walk,
                                                           const struct trie_node *node,
                                                           const uint8_t *at,
                                                           unsigned depth);
__attribute__((noinline)) static void
walk_inner(struct walk *walk, const struct trie_node *node, struct value string);

/* A further value of a slot that has one. */
static void append(struct values *values, int32_t slot, struct value value)
{
    if (values->count == values->capacity) {
        values->capacity += values->capacity / 2 + 16;
        values->items =
            mem_resize(values->items, values->capacity, sizeof(*values->items));
    }
    struct value *first = &values->items[slot];
    struct value *last = first->last == 0 ? first : &values->items[first->last];
    last->next = (uint32_t)values->count;
    first->last = last->next;
    values->items[values->count++] = value;
}

static inline void keep(struct values *values, int32_t slot, struct value value)
{
    struct value *first = &values->items[slot];
    if (first->type == VALUE_NONE) {
        *first = value;
        values->filled[values->filled_count++] = (uint32_t)slot;
    } else {
        append(values, slot, value);
    }
}

static inline struct value value_of(const uint8_t *at, const uint8_t *end,
                                    enum value_type type)
{
    return (struct value){
        .data = at, .size = (uint32_t)(end - at), .type = (uint8_t)type};
}

__attribute__((always_inline)) static inline const uint8_t *
walk_string(struct walk *walk, const struct trie_node *node, const uint8_t *at)
{
    bool is_escaped = false;
    const uint8_t *quote = token_string(&walk->reader, at + 1, &is_escaped);
    if (quote == NULL) {
        return NULL;
    }
    struct value string = value_of(at + 1, quote, VALUE_STRING);
    string.is_escaped = is_escaped;
    if (node->slot >= 0) {
        keep(walk->values, node->slot, string);
    }
    if (node->inner != NULL) {
        walk_inner(walk, node->inner, string);
    }
    return quote + 1;
}

/* The value at at, of which node wants something. */
static const uint8_t *walk_value(struct walk *walk, const struct trie_node *node,
                                 const uint8_t *at, unsigned depth)
{
    return *at == '"' ? walk_string(walk, node, at) : walk_other(walk, node, at, depth);
}

static enum value_type scalar_type(uint8_t first)
{
    switch (first) {
    case 't':
        return VALUE_TRUE;
    case 'f':
        return VALUE_FALSE;
    case 'n':
        return VALUE_NULL;
    default:
        return VALUE_NUMBER;
    }
}

/*
 * The text of a string's inside. Reserved once in a scan for all that can come, so
 * that nothing moves while values point into it: each '!' reads a byte of the input
 * at most once, and a key with escapes is given back before the next.
 */
static struct bytes unescape(struct walk *walk, struct bytes inside)
{
    struct buf *scratch = &walk->values->scratch;
    if (scratch->size == 0) {
        buf_reserve(scratch, walk->room);
    }
    size_t start = scratch->size;
    scan_unescape(inside, scratch);
    memset(scratch->data + scratch->size, 0, BUF_PADDING);
    return (struct bytes){scratch->data + start, scratch->size - start};
}

/* Reads the JSON that a string holds; one that holds none has no value. */
static void walk_inner(struct walk *walk, const struct trie_node *node,
                       struct value string)
{
    struct bytes text = {string.data, string.size};
    if (string.is_escaped) {
        text = unescape(walk, text);
    }
    struct reader outer = walk->reader;
    struct document *document = walk->document;
    walk->reader = (struct reader){.end = text.data + text.size};
    walk->document = NULL;
    const uint8_t *start = token_space(&walk->reader, text.data);
    const uint8_t *end = skip_value(&walk->reader, start, 0);
    if (end != NULL && token_spaces(&walk->reader, end) == walk->reader.end) {
        walk_value(walk, node, start, 0);
    }
    walk->reader = outer;
    walk->document = document;
}

const struct record_wrapper *walk_find_wrapper(const struct record_wrapper *wrappers,
                                               struct bytes key)
{
    for (size_t i = 0; i < RECORD_WRAPPERS && wrappers[i].array_key != NULL; i++) {
        if (bytes_equal(bytes_of(wrappers[i].array_key), key)) {
            return &wrappers[i];
        }
    }
    return NULL;
}

/* The place wanted below a key, unless the object had that key before. */
static inline struct trie_node *fresh_child(struct walk *walk,
                                            const struct trie_node *node,
                                            struct bytes key, uint64_t object)
{
    struct trie_node *child = trie_find(node, key);
    if (child != NULL) {
        uint64_t *seen = &walk->values->seen[child->id];
        child = *seen == object ? NULL : child;
        *seen = object;
    }
    return child;
}

/* The same for a key with escapes. */
static struct trie_node *fresh_escaped_child(struct walk *walk,
                                             const struct trie_node *node,
                                             struct bytes key, uint64_t object)
{
    struct buf *scratch = &walk->values->scratch;
    struct bytes text = unescape(walk, key);
    struct trie_node *child = fresh_child(walk, node, text, object);
    scratch->size = (size_t)(text.data - scratch->data);
    return child;
}

/* True when the value at at, below a key of the document, is the array of a wrapper. */
static bool is_wrapped(struct walk *walk, struct bytes key, const uint8_t *at,
                       unsigned depth)
{
    if (depth != 1 || *at != '[' || at >= walk->reader.end) {
        return false;
    }
    walk->document->found = walk_find_wrapper(walk->document->wrappers, key);
    return walk->document->found != NULL;
}

/* The members of an object, from behind its bracket. depth counts this object. */
static const uint8_t *walk_object(struct walk *walk, const struct trie_node *node,
                                  const uint8_t *at, unsigned depth)
{
    struct reader *reader = &walk->reader;
    const uint64_t object = ++walk->values->object;
    at = token_space(reader, at);
    if (*at == '}' && at < reader->end) {
        return at + 1;
    }
    for (;;) {
        struct bytes key = {0};
        bool is_escaped = false;
        at = skip_key(reader, at, &key, &is_escaped);
        if (at == NULL) {
            return NULL;
        }
        if (walk->document != NULL && is_wrapped(walk, key, at, depth)) {
            return at + 1;
        }
        const struct trie_node *child = is_escaped
                                            ? fresh_escaped_child(walk, node, key, object)
                                            : fresh_child(walk, node, key, object);
        if (child == NULL) {
            at = skip_value(reader, at, depth);
        } else if (*at == '"') {
            at = walk_string(walk, child, at);
        } else {
            at = walk_other(walk, child, at, depth);
        }
        if (at == NULL) {
            return NULL;
        }
        at = token_space_to(reader, at, ',');
        if (*at != ',') {
            break;
        }
        at = token_space(reader, at + 1);
    }
    return *at == '}' && at < reader->end ? at + 1 : token_fail(reader, at);
}

/* True when string, unescaped, is wanted. */
static bool is_text(struct walk *walk, struct bytes string, bool is_escaped,
                    struct bytes wanted)
{
    if (!is_escaped) {
        return bytes_equal(string, wanted);
    }
    struct bytes text = unescape(walk, string);
    walk->values->scratch.size = (size_t)(text.data - walk->values->scratch.data);
    return bytes_equal(text, wanted);
}

/* True when the value at at is, as text, wanted. It has been read before. */
static bool is_value_text(struct walk *walk, const uint8_t *at, struct bytes wanted)
{
    bool is_escaped = false;
    if (*at == '"') {
        const uint8_t *quote = token_string(&walk->reader, at + 1, &is_escaped);
        return is_text(walk, (struct bytes){at + 1, (size_t)(quote - at - 1)}, is_escaped,
                       wanted);
    }
    if (*at == '{' || *at == '[' || *at == 'n') {
        return false;
    }
    const uint8_t *end = token_scalar(&walk->reader, at);
    return bytes_equal((struct bytes){at, (size_t)(end - at)}, wanted);
}

/* True when the element at at has the member that filter asks for. It was read before. */
static bool passes(struct walk *walk, const struct trie_filter *filter, const uint8_t *at,
                   unsigned depth)
{
    struct reader *reader = &walk->reader;
    if (*at != '{') {
        return false;
    }
    at = token_space(reader, at + 1);
    while (*at != '}') {
        struct bytes key = {0};
        bool is_escaped = false;
        at = skip_key(reader, at, &key, &is_escaped);
        if (is_text(walk, key, is_escaped, filter->key)) {
            return is_value_text(walk, at, filter->value);
        }
        at = token_space(reader, skip_value(reader, at, depth + 1));
        if (*at == ',') {
            at = token_space(reader, at + 1);
        }
    }
    return false;
}

/* One element, for every step that wants it: read strictly, then for each filter. */
static const uint8_t *walk_element(struct walk *walk, const struct trie_node *node,
                                   const uint8_t *at, unsigned depth)
{
    const uint8_t *end = node->each == NULL ? skip_value(&walk->reader, at, depth)
                                            : walk_value(walk, node->each, at, depth);
    for (size_t i = 0; end != NULL && i < node->filter_count; i++) {
        if (passes(walk, &node->filters[i], at, depth)) {
            walk_value(walk, node->filters[i].node, at, depth);
        }
    }
    return end;
}

/* The elements of an array, from behind its bracket. depth counts this array. */
static const uint8_t *walk_array(struct walk *walk, const struct trie_node *node,
                                 const uint8_t *at, unsigned depth)
{
    struct reader *reader = &walk->reader;
    at = token_space(reader, at);
    if (*at == ']' && at < reader->end) {
        return at + 1;
    }
    for (;;) {
        at = walk_element(walk, node, at, depth);
        if (at == NULL) {
            return NULL;
        }
        at = token_space_to(reader, at, ',');
        if (*at != ',') {
            break;
        }
        at = token_space(reader, at + 1);
    }
    return *at == ']' && at < reader->end ? at + 1 : token_fail(reader, at);
}

static const uint8_t *walk_container(struct walk *walk, const struct trie_node *node,
                                     const uint8_t *at, unsigned depth)
{
    bool is_object = *at == '{';
    bool is_walked = is_object ? node->table != NULL || walk->document != NULL
                               : node->each != NULL || node->filter_count > 0;
    if (at >= walk->reader.end || depth >= SCAN_DEPTH_MAX) {
        return token_fail(&walk->reader, at);
    }
    if (!is_walked) {
        return skip_value(&walk->reader, at, depth);
    }
    return is_object ? walk_object(walk, node, at + 1, depth + 1)
                     : walk_array(walk, node, at + 1, depth + 1);
}

/* A value that is no string, of which node wants something. */
static const uint8_t *walk_other(struct walk *walk, const struct trie_node *node,
                                 const uint8_t *at, unsigned depth)
{
    bool is_container = *at == '{' || *at == '[';
    const uint8_t *end = is_container ? walk_container(walk, node, at, depth)
                                      : token_scalar(&walk->reader, at);
    if (end != NULL && node->slot >= 0) {
        enum value_type type = *at == '{'     ? VALUE_OBJECT
                               : is_container ? VALUE_ARRAY
                                              : scalar_type(*at);
        keep(walk->values, node->slot, value_of(at, end, type));
    }
    return end;
}

static enum scan_status status_of(const struct reader *reader, const uint8_t *at,
                                  struct bytes input, size_t *used)
{
    if (at == NULL) {
        return reader->bad < reader->end ? SCAN_BAD : SCAN_SHORT;
    }
    *used = (size_t)(at - input.data);
    return SCAN_DONE;
}

enum scan_status walk_document(const struct paths *paths, struct bytes input,
                               struct values *values, struct document *document,
                               size_t *used)
{
    if (input.size > UINT32_MAX) {
        input.size = UINT32_MAX; /* a value's size is 32 bits */
    }
    struct walk walk = {
        .reader = {.end = input.data + input.size},
        .values = values,
        .paths = paths,
        .document = document,
        .room = (paths->inner_count + 1) * input.size,
    };
    values_empty(values);
    const uint8_t *at = token_space(&walk.reader, input.data);
    at = walk_value(&walk, paths->nodes[0], at, 0);
    if (at == NULL && document != NULL) {
        document->bad = (size_t)(walk.reader.bad - input.data);
    }
    return status_of(&walk.reader, at, input, used);
}
