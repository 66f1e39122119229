/*
 * The credentials of an EC2 instance's role, by version 2 of its metadata service.
 *
 *   PUT /latest/api/token                     x-aws-ec2-metadata-token-ttl-seconds: 300
 *   GET /latest/meta-data/iam/security-credentials/          x-aws-ec2-metadata-token:
 * ... GET /latest/meta-data/iam/security-credentials/ROLE      x-aws-ec2-metadata-token:
 * ...
 *
 * Version 1, which needs no token, is never spoken.
 *
 * Errors: those of identity.h.
 */
#ifndef AWS_INSTANCE_H
#define AWS_INSTANCE_H

#include "aws/credentials.h"

struct runtime;

/* Does AWS_EC2_METADATA_DISABLED leave it alone? */
bool instance_is_allowed(void);
/* The caller clears credentials, also on failure. */
bool instance_load(const struct runtime *runtime, struct credentials *credentials,
                   struct error *err);

#endif
