/*
 * Who holds a lease: a process, told apart from any later one with the same number.
 *
 * A process that was killed cannot give its leases back. Another one that sees the
 * same process numbers (same boot, same PID namespace) may find that it is gone;
 * everybody else has to wait until the lease runs out.
 */
#ifndef STORE_OWNER_H
#define STORE_OWNER_H

#include <stdbool.h>
#include <stdint.h>

enum { OWNER_TEXT_SIZE = 256 };

struct owner {
    char host[OWNER_TEXT_SIZE];  /* for people */
    char scope[OWNER_TEXT_SIZE]; /* boot and PID namespace; "" when unknown */
    int64_t pid;
    int64_t started; /* in ticks since boot; 0 when unknown */
};

/* Fills owner with this process. */
void owner_self(struct owner *owner);
/* True only when owner has surely ended. False when self cannot know. */
bool owner_is_gone(const struct owner *owner, const struct owner *self);

#endif
