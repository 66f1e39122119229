/*
 * The wanted places as the scanner sees them. Private to record/: paths.c builds
 * it, scan.c walks it. A node stands for one place; it says what to look for in
 * the value that is found there.
 */
#ifndef RECORD_TRIE_H
#define RECORD_TRIE_H

#include "record/token.h"

struct trie_node;

/* One place of a node's table of keys; node is NULL where it is empty. */
struct trie_entry {
    uint64_t first; /* the key's first and last eight bytes */
    uint64_t last;
    const uint8_t *key;
    struct trie_node *node;
    size_t size;
};

/* [key=value] */
struct trie_filter {
    struct bytes key;
    struct bytes value;
    struct trie_node *node;
};

struct trie_node {
    struct trie_entry *table; /* NULL: no member is wanted */
    size_t mask;              /* places in table, less one */
    uint64_t sizes;           /* bit n: a wanted key has n bytes, modulo 64 */
    uint32_t id;
    int32_t slot;            /* where the value itself goes; -1: nowhere */
    struct trie_node *each;  /* [*] */
    struct trie_node *inner; /* ! */
    struct trie_filter *filters;
    size_t filter_count;
    size_t key_count;
};

struct paths {
    struct trie_node **nodes; /* nodes[0] is the record itself */
    size_t node_count;
    char **texts; /* by slot */
    size_t slot_count;
    size_t inner_count; /* nodes behind '!' */
    bool is_sealed;
};

/* The first and last eight bytes of a key, the same on every machine. */
static inline void trie_ends(struct bytes key, uint64_t *first, uint64_t *last)
{
    uint64_t word = token_load(key.data);
    if (key.size >= sizeof(word)) {
        *first = word;
        *last = token_load(key.data + key.size - sizeof(word));
        return;
    }
    uint64_t wanted = ((uint64_t)1 << (8 * key.size)) - 1;
    *first = word & wanted;
    *last = *first;
}

static inline size_t trie_hash(uint64_t first, uint64_t last)
{
    const uint64_t odd = 0x9e3779b97f4a7c15;
    uint64_t mixed = (first ^ (last << 5)) * odd;
    return (size_t)(mixed >> 40);
}

/* The node of the member called key, or NULL. key has BUF_PADDING behind it. */
static inline struct trie_node *trie_find(const struct trie_node *node, struct bytes key)
{
    if ((node->sizes >> (key.size % 64) & 1) == 0) {
        return NULL;
    }
    uint64_t first = 0;
    uint64_t last = 0;
    trie_ends(key, &first, &last);
    for (size_t at = trie_hash(first, last);; at++) {
        const struct trie_entry *entry = &node->table[at & node->mask];
        if (entry->node == NULL) {
            return NULL;
        }
        if (entry->first == first && entry->last == last && entry->size == key.size &&
            (key.size <= 2 * sizeof(first) ||
             memcmp(entry->key, key.data, key.size) == 0)) {
            return entry->node;
        }
    }
}

#endif
