#include "gcp/shape.h"

/*
 * Whoever logs writes the delta of a policy where he likes. Compute writes none, but the
 * policy that was asked for; Cloud Identity names the member once for all roles.
 */
static const struct record_changes changes = {
    .lists = {"protoPayload.serviceData.policyDelta.bindingDeltas",
              "protoPayload.metadata.datasetChange.bindingDeltas",
              "protoPayload.metadata.tableChange.bindingDeltas",
              "protoPayload.metadata.membershipDelta.roleDeltas",
              "protoPayload.request.policy.bindings"},
    .member = "protoPayload.metadata.membershipDelta.member",
    .change = "action",
    .role = "role",
    .members = "member|members[*]",
    .condition = "condition.expression",
};

/*
 * One insertId stands for one entry only within its log and timestamp (LogEntry's
 * insert_id). Names of methods are unique without their service, which some records lack.
 */
const struct record_shape record_shape_gcp_audit = {
    .name = "gcp-audit",
    .cloud = "gcp",
    .module = "gcp",
    .dataset = "gcp.audit",
    .wrappers = {{.array_key = "entries"}},
    .id_prefix = "gcp",
    .id_parts = {{RECORD_ID_PATH, "logName"},
                 {RECORD_ID_NANOS, "timestamp"},
                 {RECORD_ID_PATH, "insertId"}},
    .time_path = "timestamp",
    .slice_path = "receiveTimestamp",
    .service_path = "protoPayload.serviceName",
    .operation_path = "protoPayload.methodName",
    .account_path = "resource.labels.project_id|resource.labels.organization_id|"
                    "resource.labels.folder_id",
    .region_path = "resource.labels.location|resource.labels.zone|"
                   "resource.labels.region",
    .actor_paths = {"protoPayload.authenticationInfo.principalEmail",
                    "protoPayload.authenticationInfo.principalSubject"},
    .first_path = "operation.first",
    .last_path = "operation.last",
    .changes = &changes,
    .any_service = true,
    .fold_case = true,
    .drop_versions = true,
};
