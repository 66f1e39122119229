/*
 * The single changes that one record lists: who was given or lost which role, under which
 * condition. One record stays one event; each change is an element of moj.changes.
 *
 *   struct change_item change;
 *   struct changes_walk walk;
 *   changes_start(&walk, &match->changes);
 *   while (changes_next(&walk, &change)) { ... }
 *   changes_end(&walk);
 */
#ifndef MAPPING_CHANGES_H
#define MAPPING_CHANGES_H

#include "record/record.h"
#include "record/scan.h"

/* Where an element's values lie in what a scan of it picks. */
struct change_slots {
    size_t change;
    size_t role;
    size_t condition;
    size_t member;  /* one ... */
    size_t members; /* ... or several, one change each */
};

/* The list of a record; all zero when it has none. Borrows from record and mapping. */
struct changes {
    struct bytes list;          /* a JSON array */
    const struct value *member; /* of the record; NULL: elements name theirs */
    const struct paths *paths;
    const struct change_slots *slots;
};

/* Each is NULL where the record says nothing. */
struct change_item {
    const struct value *change;
    const struct value *role;
    const struct value *member;
    const struct value *condition;
};

struct changes_walk {
    const struct changes *changes;
    struct values values; /* of the element that is walked */
    struct bytes rest;    /* of the list */
    const struct value *member;
};

struct mapping;

/* What a record of which values were picked lists. */
void changes_find(const struct mapping *mapping, const struct values *values,
                  struct changes *changes);

/* Borrows changes. */
void changes_start(struct changes_walk *walk, const struct changes *changes);
/* The next change; its values last until the one after. False behind the last. */
bool changes_next(struct changes_walk *walk, struct change_item *change);
void changes_end(struct changes_walk *walk);

#endif
