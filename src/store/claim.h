/*
 * Sources as a process holds them: asked for, held, given back; store.h says what a lease
 * is.
 */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include "base/error.h"
#include "store/cursor.h"

enum { STORE_CLAIMS_MAX = 64 }; /* in one transaction */

/* A source as this process holds it. */
struct claim {
    char *source;
    struct cursor cursor; /* as it is read; what is stored follows at each commit */
    bool is_new; /* nothing was ever stored for it; the bridge sets start and marks */
    int64_t fence;
    int64_t version;
    bool is_moved;          /* moved was committed and is not stored yet: release does */
    struct cursor moved;    /* as committed: cursor may be ahead, in what nobody took */
    int64_t forget_ms;      /* ids older than this are to be forgotten with it */
    size_t letters_expired; /* dead letters that commits removed, any source's: a loss */
};

void claim_clear(struct claim *claim);

/* A source to claim. */
struct store_wish {
    const char *source;
    struct claim *claim; /* filled, for the caller to claim_clear */
    /*
     * ERROR_NONE: it is claimed. ERROR_BUSY: another live process, named in the text,
     * has it. ERROR_STATE: what is stored of it is unreadable.
     */
    struct error *error;
};

/* A source to give back. */
struct store_return {
    struct claim *claim;
    int64_t due_ms; /* when it should next be looked at, this machine's clock */
    bool is_lost;   /* the answer: another process had taken it; nothing was stored */
};

#endif
