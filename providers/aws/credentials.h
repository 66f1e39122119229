/*
 * Who we are to AWS. Read from the environment: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY and, for temporary credentials, AWS_SESSION_TOKEN.
 *
 * A set of which a part is missing is an error and never a reason to look
 * elsewhere: another source may be a broader identity than the one that was meant.
 *
 * Errors: ERROR_CONFIG (a part is missing, or there is nothing), which names the
 * variable and never shows a value.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "base/error.h"
#include "base/secret.h"

struct credentials {
    struct secret access_key_id;
    struct secret secret_access_key;
    struct secret session_token; /* empty for long-lived keys */
    const char *from;            /* where they were found: "environment" */
};

/* Replaces what credentials hold by what is to be found now. The caller clears. */
bool credentials_load(struct credentials *credentials, struct error *err);
/* Wipes and releases. */
void credentials_clear(struct credentials *credentials);

#endif
