/*
 * AWS CloudTrail: management events of one account and region, read by
 * LookupEvents. It needs no trail and no bucket, and keeps 90 days.
 *
 *   {"Events":[{"EventId":"...","EventTime":1735693199.0,"Resources":[...],
 *     "CloudTrailEvent":"{\"eventVersion\":\"1.11\",...}"}],"NextToken":"..."}
 *
 * The audit record is the JSON inside the string CloudTrailEvent; Resources, which
 * CloudTrail adds and the record lacks, become its context. An event without
 * CloudTrailEvent is not lost: its envelope is the record.
 */
#ifndef AWS_CLOUDTRAIL_H
#define AWS_CLOUDTRAIL_H

#include "provider.h"

/* A CloudTrail record, whichever way it came: LookupEvents or a trail's files. */
extern const struct record_shape record_shape_cloudtrail;

extern const struct provider provider_aws_cloudtrail;

#endif
