/*
 * The envelope's fields that a mapping pack may fill: one fixed list, in the
 * order in which the default format writes them. Names are Elastic Common
 * Schema's, or stand under moj. (docs/event.md). What the bridge itself knows
 * (event.id, @timestamp, event.original, moj.principles, ...) is not here: a
 * pack cannot reach it.
 */
#ifndef EVENT_FIELDS_H
#define EVENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum field_kind {
    FIELD_TEXT,   /* the first value: a string, number or boolean, written as a string */
    FIELD_TEXTS,  /* every value, as an array of strings without repeats */
    FIELD_BOOL,   /* true, false, "true", "false", "Yes", "No"; else absent */
    FIELD_NUMBER, /* a number, or a string that is one */
    FIELD_IP,     /* a string that is an IPv4 or IPv6 address; else absent */
};

struct field {
    const char *name; /* dotted: "user.target.name" */
    enum field_kind kind;
};

enum { FIELD_COUNT = 74 };

/* FIELD_COUNT long, sorted so that fields of one object stand together. */
extern const struct field fields[];

/* The index in fields of the field called name; FIELD_COUNT when there is none. */
size_t field_find(const char *name);

#endif
