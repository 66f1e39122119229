/*
 * AWS's partitions: separate clouds with host names, ARNs and global services of their
 * own. Which one a region is of is told by how its name begins.
 */
#ifndef AWS_PARTITION_H
#define AWS_PARTITION_H

#include <stdbool.h>

struct partition {
    const char *name;   /* as ARNs have it: "aws-us-gov" */
    const char *prefix; /* of its regions' names */
    const char *suffix; /* of its host names: "amazonaws.com" */
    /* Where CloudTrail shows what happens in IAM, in sign-in and at STS's global name. */
    const char *global_region;
    const char *organizations_region; /* where AWS Organizations answers */
    bool has_plain_fips;              /* every endpoint is a FIPS one already */
};

/* Their names, for a setting; ends with NULL. */
extern const char *const partition_names[];

/* The partition of region; "aws" where the name is of no known kind. */
const struct partition *partition_of(const char *region);
/* The one of that name, or NULL. */
const struct partition *partition_find(const char *name);

#endif
