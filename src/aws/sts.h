/*
 * Roles, by AWS's Security Token Service.
 *
 *   POST / HTTP/1.1
 *   Host: sts.eu-west-2.amazonaws.com
 *   Content-Type: application/x-www-form-urlencoded; charset=utf-8
 *
 *   Action=AssumeRole&Version=2011-06-15&RoleArn=...&RoleSessionName=auditbridge
 *     &ExternalId=...
 *
 * The regional endpoint is asked: its tokens are good in every region.
 *
 * Errors: those of client.h; ERROR_DENIED says which trust policy or variable to mend.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/credentials.h"

struct identity;
struct runtime;

/* Which STS. All are borrowed. */
struct sts_place {
    const char *region;
    const char *endpoint; /* NULL: the region's */
    const char *ca_file;  /* NULL: the system's */
};

/* Who asks: an identity, or else credentials. */
struct sts_caller {
    const struct runtime *runtime;
    struct sts_place place;
    struct identity *identity;
    const struct credentials *credentials;
};

struct sts_role {
    const char *arn;
    const char *session_name;
    const char *external_id; /* or NULL */
    int duration_s;          /* 0: what the role's default is */
};

/* What to change about text as a role's ARN, "must ..."; NULL when it is one. */
const char *sts_arn_fault(const char *text);
/* The same for a session's name. */
const char *sts_session_fault(const char *text);

/* Assumes role as caller. The caller clears credentials. */
bool sts_assume(const struct sts_caller *caller, const struct sts_role *role,
                struct credentials *credentials, struct error *err);
/*
 * Assumes role with the token in token_file, which is read now, as it changes often.
 * Needs no other credentials: of caller only runtime and place are used.
 */
bool sts_assume_with_token(const struct sts_caller *caller, const struct sts_role *role,
                           const char *token_file, struct credentials *credentials,
                           struct error *err);

/*
 * The region to ask: configured, or AWS_REGION or AWS_DEFAULT_REGION where it is of
 * region's partition, or region. Borrowed from the arguments or the environment.
 */
const char *sts_region(const char *configured, const char *region);

#endif
