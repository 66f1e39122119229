#include "registry.h"

#include "aws/cloudtrail.h"

const struct provider *const providers[] = {
    &provider_aws_cloudtrail,
    NULL,
};
