/*
 * Who this program is to AWS: how a first credential is found (the environment, a
 * profile, a pod's or an instance's own, a program) and which roles are then assumed,
 * one from the other.
 *
 * One identity is shared by every source, region and thread that has it: it is got
 * once, early renewed by one thread while the others go on with what is good, and
 * renewed once more when AWS calls it expired. Thread-safe.
 *
 * Where nothing is said, credentials are looked for in the order of the AWS SDKs. What
 * is half configured is an error, and never a reason to look further: what is found
 * there may be allowed more than what was meant.
 *
 * Errors: ERROR_CONFIG (with the variable, file and line, and what to do), ERROR_DENIED,
 * ERROR_BUSY, ERROR_UNREACHABLE, ERROR_STOPPED. A failure is remembered for a moment, so
 * that many sources of one identity do not ask AWS for the same refusal.
 */
#ifndef AWS_IDENTITY_H
#define AWS_IDENTITY_H

#include "aws/credentials.h"
#include "provider.h"

struct identity;

/* The words of the setting "credentials"; ends with NULL. */
extern const char *const identity_kinds[];

/*
 * The settings that say who to be: rows for a provider's table. In role_arn the word
 * {account} was replaced before identity_find sees it.
 */
#define IDENTITY_SETTINGS                                                                \
    {.name = "credentials",                                                              \
     .type = SETTING_CHOICE,                                                             \
     .fallback = "auto",                                                                 \
     .choices = identity_kinds,                                                          \
     .help = "Where the first credentials come from; auto looks where the AWS SDKs "     \
             "look, in their order."},                                                   \
        {.name = "profile",                                                              \
         .type = SETTING_TEXT,                                                           \
         .help = "A profile of the AWS config and credentials files."},                  \
        {.name = "credential_process",                                                   \
         .type = SETTING_LIST,                                                           \
         .help = "A program that prints credentials, with its arguments; it runs "       \
                 "without a shell."},                                                    \
        {.name = "role_arn",                                                             \
         .type = SETTING_LIST,                                                           \
         .pattern = "a-zA-Z0-9:/_+=,.@{}-",                                              \
         .help = "Roles to assume, each with the credentials of the one before; "        \
                 "{account} stands for the source's account."},                          \
        {.name = "external_id",                                                          \
         .type = SETTING_TEXT,                                                           \
         .pattern = "a-zA-Z0-9_+=,.@:/-",                                                \
         .help = "The ExternalId that the last role asks for."},                         \
        {.name = "session_name",                                                         \
         .type = SETTING_TEXT,                                                           \
         .fallback = "auditbridge",                                                      \
         .pattern = "a-zA-Z0-9_+=,.@-",                                                  \
         .help = "The name of assumed sessions, which the accounts' own logs show."},    \
        {.name = "sts_region",                                                           \
         .type = SETTING_TEXT,                                                           \
         .pattern = "a-z0-9-",                                                           \
         .help = "The region whose STS is asked; when not said AWS_REGION, then the "    \
                 "source's own."},                                                       \
    {                                                                                    \
        .name = "sts_endpoint", .type = SETTING_URL,                                     \
        .help = "Another address of STS, such as a VPC endpoint's."                      \
    }

/*
 * The identity that settings (IDENTITY_SETTINGS and ca_file; NULL: none) describe.
 * region is the source's. Sends nothing. *identity lives as long as the process.
 */
bool identity_find(const json_t *settings, const char *region, struct identity **identity,
                   struct error *err);

/* Replaces what credentials holds by what is good now. The caller clears. */
bool identity_get(struct identity *identity, const struct runtime *runtime,
                  struct credentials *credentials, struct error *err);
/* The same after AWS called *credentials expired: newer ones, when there can be. */
bool identity_renew(struct identity *identity, const struct runtime *runtime,
                    struct credentials *credentials, struct error *err);

/*
 * What AWS's own log says of who we are: ARNs of assumed sessions and ids of access keys,
 * of this identity and of those behind it; an array of texts, the caller's.
 */
json_t *identity_names(struct identity *identity);

/* How far AWS's clock is ahead of ours, as was learned from a refusal. */
int64_t identity_skew_ms(struct identity *identity);
void identity_set_skew(struct identity *identity, int64_t skew_ms);

/* Wipes all identities; for tests and the end. No other thread may use one. */
void identity_forget_all(void);

#endif
