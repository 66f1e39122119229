/*
 * Everything that is wrong with what an operator wrote, gathered so that one run
 * tells all of it: "file:line:column: what is wrong; what to do".
 */
#ifndef BASE_PROBLEMS_H
#define BASE_PROBLEMS_H

#include <stddef.h>

struct problem_place;

struct problems {
    char **texts; /* files as they came; within a file, from its top to its end */
    struct problem_place *places; /* private: where each stands, to keep that order */
    size_t count;
};

/* Adds one. file may be NULL; line 0: no place is known. */
void problems_add(struct problems *problems, const char *file, int line, int column,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void problems_clear(struct problems *problems);

#endif
