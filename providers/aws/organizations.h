/*
 * The accounts of an organisation, by AWS Organizations. Only the management account
 * and delegated administrators may ask.
 *
 *   POST / HTTP/1.1
 *   Host: organizations.us-east-1.amazonaws.com
 *   X-Amz-Target: AWSOrganizationsV20161128.ListAccounts
 *
 *   {"Accounts":[{"Id":"111122223333","Name":"payroll","State":"ACTIVE"}],
 *    "NextToken":"..."}
 *
 * Errors: those of client.h; ERROR_DATA when an answer is none.
 */
#ifndef AWS_ORGANIZATIONS_H
#define AWS_ORGANIZATIONS_H

#include "base/error.h"
#include "runtime.h"

#include <jansson.h>

/*
 * Asks in region, as who settings say (identity.h, endpoint.h). The caller owns
 * *accounts, an object of their names by id; those that are closed or suspended, whose
 * roles nobody can assume, are left out.
 */
bool organizations_accounts(const json_t *settings, const struct runtime *runtime,
                            const char *region, json_t **accounts, struct error *err);

#endif
