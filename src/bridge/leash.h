/*
 * A runtime of its own for a thread that can be called back: from then on it sends no
 * further request. A stop alone ends waits, and lets requests that come later go out:
 * who asks a thousand accounts would go on for minutes.
 */
#ifndef BRIDGE_LEASH_H
#define BRIDGE_LEASH_H

#include "runtime.h"

#include <stdatomic.h>

struct leash {
    struct runtime runtime; /* for the thread; false, ERROR_STOPPED, once called back */
    struct runtime real;    /* private */
    atomic_bool is_called;  /* private */
};

/* Must stay where it is until leash_clear. */
void leash_init(struct leash *leash);
void leash_clear(struct leash *leash);
/* From any thread. */
void leash_call_back(struct leash *leash);

#endif
