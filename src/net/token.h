/*
 * An access token, and for how long it may be used.
 *
 * Errors: ERROR_DATA.
 */
#ifndef NET_TOKEN_H
#define NET_TOKEN_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

enum { TOKEN_ANSWER_MAX = 1 << 18 };

struct token {
    struct secret text;
    int64_t life_ms;    /* from when it came */
    int64_t refresh_ms; /* from when it came: when to ask for another one */
};

/*
 * Reads the answer of a token or metadata service or the Azure CLI, all of which say
 * "access_token" or "accessToken", and one of "expires_in" (seconds), "expires_on" (since
 * 1970), each as number or string, and "expireTime" (RFC 3339). now_ms is the clock that
 * such a time is measured on.
 * The caller clears.
 */
bool token_read(struct bytes answer, int64_t now_ms, struct token *token,
                struct error *err);
void token_clear(struct token *token);

#endif
