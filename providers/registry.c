#include "registry.h"

#include "aws/cloudtrail.h"
#include "replay/replay.h"

const struct provider *const providers[] = {
    &provider_aws_cloudtrail,
    &provider_replay,
    NULL,
};
