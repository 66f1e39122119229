/*
 * When credentials end that are not renewed by themselves: for the alert that comes
 * before a source is denied.
 */
#ifndef METRICS_EXPIRY_H
#define METRICS_EXPIRY_H

#include <stdint.h>

/* Whose it is. kind: "client certificate"; id is public, such as a client id, or NULL. */
struct expiry_of {
    const char *cloud;
    const char *kind;
    const char *id;
};

/* It ends at_ms (wall clock), and nothing has renewed it. */
void expiry_set(const struct expiry_of *credential, int64_t at_ms);
/* It was renewed. */
void expiry_forget(const struct expiry_of *credential);

#endif
