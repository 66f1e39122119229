/*
 * The AWS config and credentials files, as the AWS CLI and SDKs share them:
 *
 *   [profile audit]              (in the config file; the other says [audit])
 *   role_arn = arn:aws:iam::111122223333:role/audit
 *   source_profile = default
 *
 * AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name others than ~/.aws/config and
 * ~/.aws/credentials; one that is named must be there. Read as botocore reads them:
 * comments are whole lines, a deeper line goes on with the value before it, and what
 * stands twice is an error.
 *
 * Errors: ERROR_CONFIG with file and line, never a value.
 */
#ifndef AWS_PROFILE_FILE_H
#define AWS_PROFILE_FILE_H

#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>

struct profile_value {
    char *profile;
    char *key; /* lower case; "" for the profile's own line */
    struct secret value;
    int line;
    bool goes_on;           /* in lines below, so that no single value is meant */
    bool is_in_credentials; /* and not in the config file */
};

struct profile_files {
    char *config; /* its path; NULL: there is none */
    char *credentials;
    struct profile_value *values;
    size_t count;
};

/* Reads both. The caller clears, also on failure. */
bool profile_files_load(struct profile_files *files, struct error *err);
/* Wipes and releases. */
void profile_files_clear(struct profile_files *files);

enum profile_where { PROFILE_ANYWHERE, PROFILE_IN_CONFIG, PROFILE_IN_CREDENTIALS };

/* What profile says under key; the credentials file wins. NULL: nothing. */
const struct profile_value *profile_files_find(const struct profile_files *files,
                                               const char *profile, const char *key,
                                               enum profile_where where);
/* The file that value stands in. */
const char *profile_files_name(const struct profile_files *files,
                               const struct profile_value *value);

#endif
