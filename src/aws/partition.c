#include "aws/partition.h"

#include <stddef.h>
#include <string.h>

/*
 * As botocore's partitions.json and endpoints.json have them, where it knows them. IAM's
 * region in China is cn-north-1 (endpoints.json; partitions.json names another). The
 * first whose prefix fits counts, so the last one is for all others.
 */
static const struct partition partitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "cn-north-1", "cn-northwest-1", false},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1", "us-gov-west-1", true},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1", "us-iso-east-1", false},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1", "us-isob-east-1", false},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1", "eu-isoe-west-1",
     false},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1", "us-isof-south-1",
     false},
    {"aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1", "eusc-de-east-1", false},
    {"aws", "", "amazonaws.com", "us-east-1", "us-east-1", false},
};
enum { PARTITIONS = sizeof(partitions) / sizeof(partitions[0]) };

const char *const partition_names[] = {"aws",       "aws-cn",     "aws-eusc",
                                       "aws-iso",   "aws-iso-b",  "aws-iso-e",
                                       "aws-iso-f", "aws-us-gov", NULL};

const struct partition *partition_of(const char *region)
{
    const struct partition *at = partitions;
    while (strncmp(region, at->prefix, strlen(at->prefix)) != 0) {
        at++; /* the last one fits all */
    }
    return at;
}

const struct partition *partition_find(const char *name)
{
    for (size_t i = 0; i < PARTITIONS; i++) {
        if (strcmp(partitions[i].name, name) == 0) {
            return &partitions[i];
        }
    }
    return NULL;
}
