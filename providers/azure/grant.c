#include "azure/grant.h"

#include "base/mem.h"

/* The same in every tenant: Microsoft Graph, and two of its permissions. */
static const char graph_app[] = "00000003-0000-0000-c000-000000000000";
static const char audit_log_read_all[] = "b0afded3-3588-46d8-8b3d-9842eff778da";
static const char directory_read_all[] = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";

/* For az, which takes a client id or an object id; else only the operator knows it. */
static const char *id_of(const struct identity *identity, const char *unknown)
{
    const char *id = identity_id(identity);
    return id == NULL ? unknown : id;
}

char *grant_reader(const struct identity *identity, const char *scope)
{
    const char *unknown = identity_is_managed(identity) ? "PRINCIPAL_ID" : "CLIENT_ID";
    return mem_format("az role assignment create --assignee %s --role Reader --scope %s",
                      id_of(identity, unknown), scope);
}

char *grant_graph(const struct identity *identity, const char *graph)
{
    if (identity_is_managed(identity)) {
        /* It has no registration to add a permission to; each is a POST with a body. */
        return mem_format(
            "az rest --method POST --url %s/v1.0/servicePrincipals/"
            "PRINCIPAL_ID/appRoleAssignments, once for each; the bodies are "
            "in docs/providers/azure.md",
            graph);
    }
    const char *id = id_of(identity, "CLIENT_ID");
    return mem_format(
        "az ad app permission add --id %s --api %s --api-permissions %s=Role "
        "%s=Role && az ad app permission admin-consent --id %s",
        id, graph_app, audit_log_read_all, directory_read_all, id);
}
