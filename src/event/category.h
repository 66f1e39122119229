/*
 * event.category and event.type: Elastic Common Schema's words for what the
 * principles and the change of an event's rules say.
 */
#ifndef EVENT_CATEGORY_H
#define EVENT_CATEGORY_H

#include "mapping/mapping.h"

enum {
    CATEGORY_AUTHENTICATION = 1 << 0,
    CATEGORY_CONFIGURATION = 1 << 1,
    CATEGORY_HOST = 1 << 2,
    CATEGORY_IAM = 1 << 3,
    CATEGORY_NETWORK = 1 << 4,
    CATEGORY_PACKAGE = 1 << 5,
    CATEGORY_SESSION = 1 << 6,
    CATEGORY_COUNT = 7,
};

enum {
    TYPE_ADMIN = 1 << 0,
    TYPE_CHANGE = 1 << 1,
    TYPE_CONNECTION = 1 << 2,
    TYPE_CREATION = 1 << 3,
    TYPE_DELETION = 1 << 4,
    TYPE_DENIED = 1 << 5,
    TYPE_END = 1 << 6,
    TYPE_GROUP = 1 << 7,
    TYPE_INFO = 1 << 8,
    TYPE_INSTALLATION = 1 << 9,
    TYPE_PROTOCOL = 1 << 10,
    TYPE_START = 1 << 11,
    TYPE_COUNT = 12,
};

/* The words, by the place of their bit. */
extern const char *const category_names[CATEGORY_COUNT];
extern const char *const category_type_names[TYPE_COUNT];

struct category {
    unsigned categories;
    unsigned types; /* each is one that ECS expects with one of the categories */
};

/* Of every rule that matched; nothing when none did. */
struct category category_of(const struct match *match);

#endif
