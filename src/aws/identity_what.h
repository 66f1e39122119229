/*
 * What an identity is made of. Private to identity.c.
 *
 *   {"credentials":"auto","session_name":"auditbridge","partition":"aws",
 *    "roles":[{"arn":"arn:aws:iam::111122223333:role/audit","external_id":"x"}]}
 */
#ifndef AWS_IDENTITY_WHAT_H
#define AWS_IDENTITY_WHAT_H

#include "base/error.h"

#include <jansson.h>

/*
 * Equal for equal settings, whichever source and region they are of: only the region's
 * partition counts. The caller owns the result.
 */
json_t *identity_what(const json_t *settings, const char *region);
/* Is it somebody? ERROR_CONFIG names the setting. */
bool identity_what_check(const json_t *what, const json_t *settings, struct error *err);

#endif
