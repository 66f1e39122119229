/*
 * Tokens that are in use, process-wide, by identity and audience.
 *
 * One thread fetches a token while the others wait for what comes of it; while an old one
 * is still good, they go on with that. A failure is remembered for half a minute, so that
 * a hundred sources with one wrong secret, or http.c that repeats a request for want of a
 * token, are one request and not a hundred.
 */
#ifndef NET_TOKEN_CACHE_H
#define NET_TOKEN_CACHE_H

#include "base/digest.h"
#include "metrics/expiry.h"
#include "net/token.h"
#include "runtime.h"

struct token_cache_ask {
    const uint8_t *identity; /* DIGEST_SIZE bytes */
    const char *audience;
    const struct runtime *runtime;
    bool refresh;   /* the service refused the last token */
    uint64_t *seen; /* the asker's: 0 at first; which token it was given last */
};

enum token_cache_answer {
    TOKEN_CACHE_FOUND,  /* the token was given */
    TOKEN_CACHE_FETCH,  /* the caller fetches it now, and says what came of it */
    TOKEN_CACHE_FAILED, /* err says why another thread, just now, got none */
};

/* The caller clears token. After FETCH, one of the next two must follow. */
enum token_cache_answer token_cache_find(const struct token_cache_ask *ask,
                                         struct secret *token, struct error *err);
/* Keeps fetched, and gives it. */
void token_cache_keep(const struct token_cache_ask *ask, const struct token *fetched,
                      struct secret *token);
/* None came, because of err. True when the old one may still be used, and was given. */
bool token_cache_fail(const struct token_cache_ask *ask, const struct error *err,
                      struct secret *token);

/* For metrics, after keep or before fail: when a token ends that was not renewed. */
void token_cache_meter(const struct token_cache_ask *ask, const struct expiry_of *token,
                       bool is_renewed);

/* True once for each identity: the time to say in the log who we are. */
bool token_cache_is_new(const uint8_t identity[DIGEST_SIZE]);
/* Forgets and wipes everything; no other thread may be asking. For tests. */
void token_cache_clear(void);

#endif
