/*
 * The options of a command, as a table: what each is called and where its value goes.
 * --help is every command's and prints its help.
 */
#ifndef COMMANDS_OPTIONS_H
#define COMMANDS_OPTIONS_H

#include "commands/command.h"

#include <stdint.h>

enum { OPTIONS_MAX = 16, OPTIONS_LIST_MAX = 32 };

enum option_kind {
    OPTION_END,
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_CHOICE,   /* one of some names, to its place among them */
    OPTION_LIST,     /* may be repeated */
    OPTION_DURATION, /* "90s", to milliseconds */
    OPTION_TIME,     /* RFC 3339, or a day: "2026-11-24" */
};

struct option_list { /* ends with NULL */
    char *items[OPTIONS_LIST_MAX + 1];
    size_t count;
};

struct option_row {
    const char *name; /* "max-runtime" */
    enum option_kind kind;
    union {
        bool *flag;
        const char **text;
        struct option_list *list;
        int64_t *ms;
        struct {
            const char *const *names; /* ends with NULL */
            size_t *place;
        } choice;
    } to;
    char letter; /* 'c' for -c; 0: none */
};

/* What was written behind the command; what is not an option stays. */
struct arguments {
    int count;
    char **items;
};

/*
 * Reads the options that rows (ends with OPTION_END) name; arguments->items[0] is passed
 * over, and arguments then holds what is left. Returns -1 to go on, or the status to end
 * with: help was printed, or something was wrong and said.
 */
int options_read(const struct command *command, const struct option_row *rows,
                 struct arguments *arguments);

#endif
