/*
 * Reads a pack's YAML into checked values: each key known, each value of its
 * type. What is wrong becomes a problem with its place and its remedy, and
 * reading goes on, so that one run tells everything.
 */
#ifndef MAPPING_READER_H
#define MAPPING_READER_H

#include "config/yaml.h"
#include "mapping/arena.h"
#include "record/paths.h"

#include <stddef.h>

struct reader {
    const struct yaml *yaml;
    struct arena *arena; /* what is read belongs to it */
    struct problems *problems;
    struct paths *paths; /* every path is tried on it */
};

struct texts {
    const char *const
        *items; /* NULL behind the last; items is NULL when there are none */
    size_t count;
};

/* A key of a mapping, and whether it must be there. */
struct reader_key {
    const char *name;
    bool is_required;
};

/* Adds a problem at the place of value, or of key in object. */
void reader_fault(const struct reader *reader, const json_t *value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void reader_fault_key(const struct reader *reader, const json_t *object, const char *key,
                      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * True when object is a mapping. Its keys are held against keys, which end with a
 * NULL name: what is unknown or missing is a problem. what is the thing read: "rule".
 */
bool reader_keys(const struct reader *reader, const json_t *object, const char *what,
                 const struct reader_key *keys);

/* A text that is not empty, or NULL with a problem. value may be NULL: then NULL. */
const char *reader_text(const struct reader *reader, const json_t *value,
                        const char *what);
/* The same, of lower-case letters, digits and '-'. */
const char *reader_name(const struct reader *reader, const json_t *value,
                        const char *what);
/* A list of texts with at least one; what is not a text is left out, with a problem. */
struct texts reader_list(const struct reader *reader, const json_t *value,
                         const char *what);
/* One text, or a list of them. */
struct texts reader_texts(const struct reader *reader, const json_t *value,
                          const char *what);
/* The place in names of a text that must be one of them; count when it is not. */
size_t reader_choice(const struct reader *reader, const json_t *value, const char *what,
                     const char *const *names, size_t count);

/* True when text, written at value or as a key of it, is a path into records. */
bool reader_path(const struct reader *reader, const char *text, struct error *err);

#endif
