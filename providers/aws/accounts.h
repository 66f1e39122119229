/*
 * Whose log is read, and where: the accounts and regions that an entry of the
 * configuration stands for.
 *
 *   account: "111122223333"             region: eu-west-2          one source
 *   accounts: ["1111...", "2222..."]    regions: [eu-west-2]       one each
 *   organization: true                  regions: [all]             asked for, each hour
 *     include_accounts: ["prod-*"]        exclude_regions: ["ap-*"]
 *     role: audit/reader                the role to assume in each account
 *
 * The partition's global region, which alone shows IAM and sign-in, is always among
 * regions, unless it is excluded by name; that is warned of.
 *
 * A source's settings are the entry's with "account", "region" and "name".
 */
#ifndef AWS_ACCOUNTS_H
#define AWS_ACCOUNTS_H

#include "base/error.h"
#include "runtime.h"

#include <jansson.h>

/* Whether settings make sense together; what to change is in err (ERROR_CONFIG). */
bool accounts_check(const json_t *settings, struct error *err);

/* As provider->expand. Errors: accounts_check's and those of AWS's answers. */
bool accounts_expand(const json_t *settings, const struct runtime *runtime,
                     json_t **sources, struct error *err);

/*
 * A source's settings as identity.h and endpoint.h read them: the roles for its account,
 * and where STS is. account NULL: of nobody's account, so without roles in accounts.
 * The caller owns the result.
 */
json_t *accounts_settings(const json_t *settings, const char *account,
                          const char *region);

#endif
