/*
 * What an operator is told when Azure refuses: the whole text, with the command that
 * grants what is missing to this very identity.
 */
#include "azure/activity.h"
#include "azure/directory.h"
#include "azure_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SUBSCRIPTION "5a000000-0000-4000-8000-000000000001"
#define ASSIGN "az role assignment create --assignee "
#define DENIED                                                                           \
    "HTTP 403 AuthorizationFailed: this identity may not read the log; grant it: "
#define GRAPH_DENIED                                                                     \
    "HTTP 403 Authorization_RequestDenied: it needs AuditLog.Read.All and "              \
    "Directory.Read.All of Microsoft Graph: "
#define PERMIT                                                                           \
    "az ad app permission add --id " AZURE_DOUBLE_ID                                     \
    " --api 00000003-0000-0000-c000-000000000000 --api-permissions "                     \
    "b0afded3-3588-46d8-8b3d-9842eff778da=Role "                                         \
    "7ab1d382-f21e-4acd-a863-ba3e13f7da61=Role && az ad app permission admin-consent "   \
    "--id " AZURE_DOUBLE_ID

static struct row {
    const char *name;
    const struct provider *provider;
    const char *subscription;
    bool is_managed;
    struct step step;
    enum error_kind kind;
    const char *text; /* behind what names the log */
} rows[] = {
    {"Reader on a subscription",
     &provider_azure_activity,
     SUBSCRIPTION,
     false,
     {.file = "azure/denied.json", .status = 403},
     ERROR_DENIED,
     DENIED ASSIGN AZURE_DOUBLE_ID " --role Reader --scope /subscriptions/" SUBSCRIPTION},
    {"Reader for a managed identity",
     &provider_azure_activity,
     SUBSCRIPTION,
     true,
     {.file = "azure/denied.json", .status = 403},
     ERROR_DENIED,
     DENIED ASSIGN "PRINCIPAL_ID --role Reader --scope /subscriptions/" SUBSCRIPTION},
    {"Reader at the tenant level, and who may grant it",
     &provider_azure_activity,
     NULL,
     false,
     {.file = "azure/denied.json", .status = 403},
     ERROR_DENIED,
     DENIED ASSIGN AZURE_DOUBLE_ID
     " --role Reader --scope /providers/Microsoft.Insights, as a Global Administrator "
     "with elevated access (az rest --method POST --url /providers/Microsoft."
     "Authorization/elevateAccess?api-version=2016-07-01)"},
    {"both permissions for the audit log",
     &provider_entra_audit,
     NULL,
     false,
     {.file = "azure/refused/graph.json", .status = 403},
     ERROR_DENIED,
     GRAPH_DENIED PERMIT},
    {"both permissions for the sign-ins",
     &provider_entra_signin,
     NULL,
     false,
     {.file = "azure/refused/graph.json", .status = 403},
     ERROR_DENIED,
     GRAPH_DENIED PERMIT},
    {"both permissions for a managed identity",
     &provider_entra_audit,
     NULL,
     true,
     {.file = "azure/refused/graph.json", .status = 403},
     ERROR_DENIED,
     GRAPH_DENIED "az rest --method POST --url https://graph.microsoft.com/v1.0/"
                  "servicePrincipals/PRINCIPAL_ID/appRoleAssignments, once for each; the "
                  "bodies are in docs/providers/azure.md"},
    {"no permission where a licence is missing",
     &provider_entra_signin,
     NULL,
     false,
     {.file = "azure/refused/premium.json", .status = 403},
     ERROR_DENIED,
     "HTTP 403 Authentication_RequestFromNonPremiumTenantOrB2CTenant: the tenant has no "
     "licence of Entra ID P1 or P2, without which Microsoft Graph gives no sign-ins; "
     "remove the source"},
    {"which tenant a subscription is in",
     &provider_azure_activity,
     SUBSCRIPTION,
     false,
     {.file = "azure/refused/tenant.json", .status = 401},
     ERROR_DENIED,
     "HTTP 401 InvalidAuthenticationTokenTenant: the subscription is in another tenant "
     "than \"tenant_id\"; az account list --query [].[id,tenantId] -o table shows in "
     "which"},
    {"that a token is another cloud's",
     &provider_entra_audit,
     NULL,
     false,
     {.file = "azure/refused/audience.json", .status = 401},
     ERROR_DENIED,
     "HTTP 401 InvalidAuthenticationTokenAudience: the token is for another cloud than "
     "this address; check \"cloud\" and \"endpoint\""},
    {"that a new token was refused too",
     &provider_azure_activity,
     SUBSCRIPTION,
     false,
     {.file = "azure/expired.json", .status = 401},
     ERROR_DENIED,
     "HTTP 401 ExpiredAuthenticationToken: the token was refused, also after it was "
     "fetched anew; check \"tenant_id\", \"cloud\" and \"endpoint\""},
    {"that a subscription is gone",
     &provider_azure_activity,
     SUBSCRIPTION,
     false,
     {.file = "azure/refused/gone.json", .status = 404},
     ERROR_CONFIG,
     "HTTP 404 SubscriptionNotFound: this identity's tenant has no such subscription "
     "(any more); az account list --refresh shows those there are; correct "
     "\"subscriptions\", or retire the source"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* The log's name and "source NAME: " go in front, and nothing may be cut off for them. */
enum { ROOM = 64 };

static void test_row(void **state)
{
    const struct row *row = *state;
    const struct step steps[] = {row->step, row->step}; /* 401 is asked twice */
    struct azure_world world;
    azure_double_manage(row->is_managed);
    azure_world_start(&world, row->provider, row->subscription, steps, 2);
    assert_false(azure_world_poll(&world));
    assert_int_equal(world.err.kind, row->kind);
    size_t size = strlen(world.err.text);
    assert_true(size > strlen(row->text) && size + ROOM < sizeof(world.err.text));
    assert_string_equal(world.err.text + size - strlen(row->text), row->text);
    azure_world_stop(&world);
}

static void test_expansion(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/list/none.json"},
                                        {.file = "azure/denied.json", .status = 403}};
    struct script script;
    struct error err = {0};
    json_t *sources = NULL;
    json_t *every = json_object();
    json_t *group = json_pack("{s:[s]}", "management_groups", "root");
    script_init(&script, steps, 2);
    azure_double_manage(false);
    assert_false(provider_azure_activity.expand(every, &script.runtime, &sources, &err));
    assert_non_null(strstr(err.text,
                           ASSIGN AZURE_DOUBLE_ID " --role Reader --scope "
                                                  "/subscriptions/SUBSCRIPTION"));
    assert_false(provider_azure_activity.expand(group, &script.runtime, &sources, &err));
    assert_non_null(strstr(err.text,
                           ASSIGN AZURE_DOUBLE_ID " --role Reader --scope /providers/"
                                                  "Microsoft.Management/managementGroups/"
                                                  "root"));
    json_decref(every);
    json_decref(group);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 1] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    tests[ROWS] =
        (struct CMUnitTest){.name = "Reader where no subscription is to be seen",
                            .test_func = test_expansion};
    return cmocka_run_group_tests_name("azure says what to grant:", tests, NULL, NULL);
}
