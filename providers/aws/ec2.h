/*
 * The regions an account has enabled, by EC2.
 *
 *   POST / HTTP/1.1
 *   Host: ec2.us-east-1.amazonaws.com
 *
 *   Action=DescribeRegions&Version=2016-11-15
 *
 *   <DescribeRegionsResponse><regionInfo><item><regionName>us-east-1</regionName>
 *     <optInStatus>opt-in-not-required</optInStatus></item>...
 *
 * Errors: those of client.h; ERROR_DATA when the answer names no region.
 */
#ifndef AWS_EC2_H
#define AWS_EC2_H

#include "base/error.h"
#include "runtime.h"

#include <jansson.h>

/*
 * Asks in region, as who settings say (identity.h, endpoint.h). The caller owns
 * *regions, an object whose keys are their names.
 */
bool ec2_regions(const json_t *settings, const struct runtime *runtime,
                 const char *region, json_t **regions, struct error *err);

#endif
