#include "azure/shapes.h"

/* Exports wrap records as {"records":[...]}, the APIs as {"value":[...]}. */
#define WRAPPERS                                                                         \
    {                                                                                    \
        {.array_key = "value"},                                                          \
        {                                                                                \
            .array_key = "records"                                                       \
        }                                                                                \
    }

/*
 * An export says operationName in capitals, and neither eventDataId nor the resource
 * provider: operations name it themselves ("Microsoft.Compute/disks/write"), so that
 * rules need no service.
 */
const struct record_shape record_shape_azure_activity = {
    .name = "azure-activity",
    .cloud = "azure",
    .module = "azure",
    .dataset = "azure.activitylogs",
    .vendor = "Microsoft",
    .product = "Azure Activity Log",
    .wrappers = WRAPPERS,
    .id_prefix = "azure",
    .export_prefix = "azure-x",
    .id_parts = {{RECORD_ID_PATH, "eventDataId"}},
    .time_path = "eventTimestamp|time",
    .service_path = "resourceProviderName.value|resourceProviderName",
    .operation_path = "operationName.value|operationName",
    .account_path = "subscriptionId",
    .region_path = "location|properties.location",
    .any_service = true,
    .fold_case = true,
};

/* Entra's own names of services change from record to record: rules need none. */
const struct record_shape record_shape_entra_audit = {
    .name = "entra-audit",
    .cloud = "azure",
    .module = "azure",
    .dataset = "azure.auditlogs",
    .vendor = "Microsoft",
    .product = "Entra ID audit log",
    .wrappers = WRAPPERS,
    .id_prefix = "entra",
    .id_parts = {{RECORD_ID_OR_ACCOUNT, "tenantId"},
                 {RECORD_ID_PATH, "id|properties.id"}},
    .time_path = "activityDateTime|properties.activityDateTime|time",
    .service_path = "loggedByService|properties.loggedByService",
    .operation_path = "activityDisplayName|properties.activityDisplayName|operationName",
    .account_path = "tenantId",
    .any_service = true,
    .fold_case = true,
};

const struct record_shape record_shape_entra_signin = {
    .name = "entra-signin",
    .cloud = "azure",
    .module = "azure",
    .dataset = "azure.signinlogs",
    .vendor = "Microsoft",
    .product = "Entra ID sign-in log",
    .wrappers = WRAPPERS,
    .id_prefix = "entra",
    .id_parts = {{RECORD_ID_OR_ACCOUNT, "tenantId"},
                 {RECORD_ID_PATH, "id|properties.id"}},
    .time_path = "createdDateTime|properties.createdDateTime|time",
    .operation_path = "operationName",
    .account_path = "tenantId",
    .region_path = "location",
    .only_operation = "Sign-in activity",
    .fold_case = true,
};
