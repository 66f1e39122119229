/*
 * A table for a terminal: columns as wide as their widest cell, control characters and
 * whatever else would confuse a terminal replaced.
 */
#ifndef COMMANDS_TABLE_H
#define COMMANDS_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table {
    const char *aligns; /* a letter a column: l or r */
    char **cells;       /* row by row; the first row is the heading */
    size_t count;
};

enum { TABLE_AGE_SIZE = 24 };

/* Appends a cell; NULL is written as "-". */
void table_add(struct table *table, const char *text);
void table_add_number(struct table *table, int64_t number);
/* The time, to the second. */
void table_add_time(struct table *table, int64_t ms);
void table_print(const struct table *table, FILE *out);
void table_clear(struct table *table);

/* How long that is, to a person: "45 s", "3 min", "2 h", "5 d". */
void table_age(int64_t ms, char out[TABLE_AGE_SIZE]);
/* Text from outside, made harmless, on out. */
void table_put(const char *text, FILE *out);

#endif
