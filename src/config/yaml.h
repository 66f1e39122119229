/*
 * YAML as configuration and packs may use it: mappings, sequences and scalars,
 * into jansson values that remember where they stood.
 *
 * Every scalar is a JSON string, as written; its meaning comes from the setting
 * it fills. Refused: anchors, aliases, merge keys, tags, a second document,
 * repeated keys, more than depth 16, 4 MiB, 200,000 nodes.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "base/problems.h"

#include <jansson.h>
#include <stdbool.h>

struct yaml_place {
    int line; /* from 1; 0: not known */
    int column;
};

struct yaml {
    char *file;                 /* as shown in problems */
    json_t *root;               /* NULL for an empty document */
    struct yaml_places *places; /* private */
};

/*
 * Reads file; false with at least one problem added when something is wrong with it.
 * root is then NULL when the end was not reached; else further checks can add their
 * problems to the same list, and must pass over a JSON null: the problem with that
 * value was told. The caller clears in any case.
 */
bool yaml_read(const char *file, struct yaml *yaml, struct problems *problems);
/* The same from text in memory, called file in problems. */
bool yaml_parse(const char *text, size_t size, const char *file, struct yaml *yaml,
                struct problems *problems);
void yaml_clear(struct yaml *yaml);

/* Where value stands. */
struct yaml_place yaml_place(const struct yaml *yaml, const json_t *value);
/* Where key of object stands. */
struct yaml_place yaml_key_place(const struct yaml *yaml, const json_t *object,
                                 const char *key);
/* True when the scalar was written plain (not quoted). */
bool yaml_is_plain(const struct yaml *yaml, const json_t *scalar);

/* Adds a problem at value's place. */
void yaml_problem(const struct yaml *yaml, const json_t *value, struct problems *problems,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
