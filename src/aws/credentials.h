/*
 * What signs a request to AWS: a key's id, its secret and, when it is temporary, a
 * token and how long they are good for.
 *
 * Errors: ERROR_DATA when an answer is no credentials. No error shows a value.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

#include <jansson.h>

struct credentials {
    struct secret access_key_id;
    struct secret secret_access_key;
    struct secret session_token; /* empty for long-lived keys */
    int64_t life_ms;             /* how long they were good for when got; 0: for ever */
    char *arn;                   /* of an assumed session; NULL: not known */
    char *from;                  /* for people: "environment", "profile prod" */
    unsigned version;            /* private to identity.c: which renewal these are */
};

/* The names under which an answer holds them. */
struct credentials_names {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;
    bool must_expire; /* temporary by nature: token and Expiration must be there */
};

/*
 * Takes what answer (an object) says by names, and from its Expiration how long they
 * are good for, now_ms being the time of whoever answered. One that is over already is
 * ERROR_DENIED. The caller clears credentials, also on failure, and names from.
 */
bool credentials_read(const json_t *answer, const struct credentials_names *names,
                      int64_t now_ms, struct credentials *credentials, struct error *err);

/* Replaces what to holds. */
void credentials_copy(const struct credentials *from, struct credentials *to);
/* Wipes and releases. */
void credentials_clear(struct credentials *credentials);

/* Wipes every text in value, which held secrets, and gives it back. NULL is allowed. */
void credentials_wipe_json(json_t *value);

#endif
