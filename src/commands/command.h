/*
 * The subcommands: each is a file of its own with one function, which reads its
 * own arguments, does the work and returns the exit status.
 */
#ifndef COMMANDS_COMMAND_H
#define COMMANDS_COMMAND_H

#include "base/problems.h"
#include "config/config.h"
#include "mapping/mapping.h"
#include "provider.h"

enum exit_status {
    EXIT_GOOD = 0,   /* nothing failed */
    EXIT_FAILED = 1, /* a source or sink failed, or the answer is no */
    EXIT_WRONG = 2,  /* wrong usage, configuration or pack; nothing was read */
};

struct program {
    const struct provider *const *providers; /* ends with NULL */
    const struct record_shape *only; /* packs for others are not loaded; NULL: all are */
};

struct command {
    const char *name;
    const char *summary; /* one line of `auditbridge --help` */
    const char *help;    /* what `auditbridge NAME --help` prints */
    int (*run)(const struct program *program, int argc, char **argv);
};

extern const struct command command_check;
extern const struct command command_dlq;
extern const struct command command_explain;
extern const struct command command_map;
extern const struct command command_mappings_packs;
extern const struct command command_run;
extern const struct command command_sources;
extern const struct command command_state;

/* Prints "auditbridge NAME: what" and where help is, to stderr; returns EXIT_WRONG. */
int command_usage(const struct command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints every problem and what to do to stderr; returns EXIT_WRONG. */
int command_problems(const struct problems *problems);

/* The shapes that providers know, without repeats; ends with NULL. The caller frees. */
const struct record_shape **command_shapes(const struct program *program);
const struct provider *command_provider(const struct program *program, const char *name);

/*
 * The shipped packs' folder, then directories (ends with NULL; may be NULL). shipped
 * NULL: the packs installed with the program, or those of its source tree; when there
 * are none, NULL and a problem. The caller frees.
 */
char **command_directories(const char *shipped, char *const *directories,
                           struct problems *problems);
void command_directories_free(char **directories);

/* Loads the packs of command_directories. */
bool command_mappings(const struct program *program, const char *shipped,
                      char *const *directories, struct mapping_set **set,
                      struct problems *problems);

/* What an operator wrote, read and checked. */
struct command_setup {
    struct config config;
    struct mapping_set *mappings;
};

/* Reads the configuration and every pack. The caller clears, whatever comes back. */
bool command_setup_read(const struct program *program, const char *file,
                        const char *shipped, struct command_setup *setup,
                        struct problems *problems);
/*
 * The same. EXIT_GOOD; or EXIT_WRONG, with everything
 * that is wrong on stderr. The caller clears, either way.
 */
int command_setup_load(const struct program *program, const char *file,
                       const char *shipped, struct command_setup *setup);
void command_setup_clear(struct command_setup *setup);

#endif
