/*
 * What a profile means: which credentials come first, and which roles are assumed from
 * there, one with the other's. A plan opens nothing and asks nobody.
 *
 * Errors: ERROR_CONFIG with profile, file and line: a key that is missing or one too
 * many, a circle of source_profile, and what needs a person (mfa_serial, SSO).
 */
#ifndef AWS_PROFILE_PLAN_H
#define AWS_PROFILE_PLAN_H

#include "aws/profile_file.h"

enum { PROFILE_ROLES_MAX = 8 };

enum profile_kind {
    PROFILE_NOTHING, /* says nothing about credentials */
    PROFILE_KEYS,
    PROFILE_WEB_IDENTITY,
    PROFILE_PROCESS,
    PROFILE_ENVIRONMENT, /* credential_source */
    PROFILE_CONTAINER,
    PROFILE_INSTANCE,
};

struct profile_role {
    const char *arn;
    const char *external_id;  /* or NULL */
    const char *session_name; /* NULL: not said */
    int duration_s;           /* 0: not said */
};

/* The texts are borrowed from files and the environment. */
struct profile_plan {
    enum profile_kind kind;
    const struct secret *access_key_id; /* KEYS */
    const struct secret *secret_access_key;
    const struct secret *session_token; /* or NULL */
    const char *token_file;             /* WEB_IDENTITY, with web_role */
    struct profile_role web_role;
    const char *process;                          /* PROCESS: a command line */
    struct profile_role roles[PROFILE_ROLES_MAX]; /* in the order they are assumed */
    size_t role_count;
};

struct profile_wanted {
    const char *name;
    bool must_exist; /* otherwise one that does not exist is PROFILE_NOTHING */
    /*
     * AWS_WEB_IDENTITY_TOKEN_FILE and its like stand above what the profile itself says
     * of a web identity, as in the SDKs.
     */
    bool with_environment;
};

/* Plans wanted, all of whose sources must exist. */
bool profile_plan_make(const struct profile_files *files,
                       const struct profile_wanted *wanted, struct profile_plan *plan,
                       struct error *err);

#endif
