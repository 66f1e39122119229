/*
 * The parts of `mappings`: a command each, called with its own name as first argument.
 */
#ifndef COMMANDS_MAPPINGS_H
#define COMMANDS_MAPPINGS_H

#include "commands/options.h"
#include "mapping/catalogue.h"
#include "mapping/decision.h"
#include "mapping/verdict.h"

extern const struct command mappings_coverage;
extern const struct command mappings_diff;
extern const struct command mappings_lint;
extern const struct command mappings_list;
extern const struct command mappings_test;

/* The options that choose packs. */
struct mappings_choice {
    const char *provider; /* NULL: all */
    const char *shipped;  /* NULL: those beside the program */
    struct option_list packs;
    const char *output; /* NULL: text */
};

/* Packs, loaded. */
struct mappings {
    char **directories;
    const struct record_shape **shapes; /* ends with NULL */
    const struct record_shape *only;    /* the provider's; NULL: all */
    struct mapping_set *set;
    struct decisions *decisions;
};

/*
 * Loads what choice names. EXIT_GOOD; or EXIT_WRONG, with everything that is wrong on
 * stderr. The caller clears, either way.
 */
int mappings_open(const struct command *command, const struct program *program,
                  const struct mappings_choice *choice, struct mappings *mappings);
/* The same from one directory alone. */
int mappings_open_directory(const struct program *program,
                            const struct record_shape *only, const char *directory,
                            struct mappings *mappings);
void mappings_clear(struct mappings *mappings);

/*
 * The shape of the records of a provider. EXIT_GOOD, or EXIT_WRONG with what is wrong on
 * stderr. name NULL: *shape is NULL.
 */
int mappings_shape(const struct command *command, const struct program *program,
                   const char *name, const struct record_shape **shape);

/* A catalogue for each shape that one was given for. */
struct mappings_catalogues {
    struct catalogue *items;
    size_t count;
};

/*
 * Reads files, each for the records that its heading names; only: those of one shape,
 * which a heading that names none is then for. EXIT_GOOD; or EXIT_WRONG, with what is
 * wrong on stderr. The caller clears, either way.
 */
int mappings_catalogues_read(struct mappings_catalogues *catalogues,
                             const struct option_list *files,
                             const struct record_shape *const *shapes,
                             const struct record_shape *only);
/* The catalogue of a shape, sorted; NULL: none was given. */
struct catalogue *mappings_catalogues_find(const struct mappings_catalogues *catalogues,
                                           const struct record_shape *shape);
void mappings_catalogues_clear(struct mappings_catalogues *catalogues);

/* "2a, 2b" into out; nothing when there are none. */
void mappings_add_letters(struct buf *out, uint32_t bits);
/* "2b, 2c?": behind those that hold on a condition stands a '?'. */
void mappings_add_verdict(struct buf *out, const struct verdict *verdict);
/* The same as a JSON list. The caller owns it. */
json_t *mappings_letters_json(uint32_t bits);

#endif
