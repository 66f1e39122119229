/*
 * What `sources`, `state` and `dlq` begin with: the configuration, and the store that it
 * names, opened to be looked at or to be changed.
 */
#ifndef COMMANDS_HANDS_H
#define COMMANDS_HANDS_H

#include "commands/command.h"
#include "runtime.h"
#include "store/inspect.h"

enum hands_access {
    HANDS_LOOK,   /* beside whatever runs; no lease is taken */
    HANDS_CHANGE, /* as a process that may claim sources; never makes a store */
    HANDS_MAKE,   /* the same, and makes the store when there is none */
};

struct hands {
    const struct command *command;
    const struct program *program;
    struct config config;
    struct runtime runtime;
    const struct store_type *type;
    struct store *store; /* NULL: there is none yet */
};

/* EXIT_GOOD; or the status to end with, all said. The caller clears, either way. */
int hands_open(struct hands *hands, const char *file, enum hands_access access);
void hands_close(struct hands *hands);

/* Takes the lease on one source: ERROR_BUSY while a live process has it.
 */
bool hands_claim(const struct hands *hands, const char *source, struct claim *claim,
                 struct error *err);
/* Gives it back, due at once, and clears claim. */
bool hands_release(const struct hands *hands, struct claim *claim, struct error *err);

int64_t hands_now_ms(const struct hands *hands);
/* Says what failed; EXIT_WRONG where an operator must change something, else 1. */
int hands_failed(const struct hands *hands, const struct error *err);
/*
 * True when the operator agrees to what: said --yes, or answers the question on the
 * terminal. Else says why not.
 */
bool hands_agreed(const struct hands *hands, bool is_said, const char *what);

#endif
