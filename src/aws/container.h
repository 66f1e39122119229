/*
 * The credentials of a container: ECS tasks, EKS Pod Identity, and whatever else serves
 * AWS_CONTAINER_CREDENTIALS_FULL_URI.
 *
 *   GET /v1/credentials HTTP/1.1
 *   Host: 169.254.170.23
 *   Authorization: ...     (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, read each time)
 *
 *   {"AccessKeyId":"...","SecretAccessKey":"...","Token":"...","Expiration":"..."}
 *
 * Errors: those of identity.h.
 */
#ifndef AWS_CONTAINER_H
#define AWS_CONTAINER_H

#include "aws/credentials.h"

struct runtime;

/* Does the environment say that there are some? */
bool container_is_configured(void);
/* The caller clears credentials, also on failure. */
bool container_load(const struct runtime *runtime, struct credentials *credentials,
                    struct error *err);

#endif
