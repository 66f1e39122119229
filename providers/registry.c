#include "registry.h"

#include "aws/cloudtrail.h"
#include "azure/activity.h"
#include "azure/directory.h"
#include "gcp/audit.h"
#include "replay/replay.h"

const struct provider *const providers[] = {
    &provider_aws_cloudtrail,
    &provider_azure_activity,
    &provider_entra_audit,
    &provider_entra_signin,
    &provider_gcp_audit,
    &provider_replay,
    NULL,
};
