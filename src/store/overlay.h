/*
 * A store to rehearse with: everything begins as the real one has it, and whatever is
 * committed, discovered or given back stays in memory and is gone at close.
 *
 * The real store is opened to be read only, or not at all while there is none. No lease
 * is taken, so a rehearsal runs beside a `run` and never keeps it waiting; what that run
 * delivers meanwhile counts as delivered here too.
 *
 * Errors: those of opening and reading the real store.
 */
#ifndef STORE_OVERLAY_H
#define STORE_OVERLAY_H

#include "store/store.h"

extern const struct store_type overlay_type;

#endif
