/*
 * What is asked of Azure Resource Manager and Microsoft Graph, when, and what a walk that
 * broke off goes on with.
 */
#include "azure/activity.h"
#include "azure/directory.h"
#include "azure_world.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char subscription[] = "5a000000-0000-4000-8000-000000000001";

static void test_activity_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/activity/first.json"},
                                        {.file = "azure/activity/last.json"}};
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, steps, 2);
    assert_true(azure_world_poll(&world));
    assert_true(azure_world_poll(&world));
    assert_string_equal(
        world.script.sent[0].url,
        "https://management.azure.com/subscriptions/5a000000-0000-4000-8000-000000000001"
        "/providers/Microsoft.Insights/eventtypes/management/values?api-version="
        "2015-04-01&$filter=eventTimestamp%20ge%20%272026-01-01T00:00:00.000Z%27%20and"
        "%20eventTimestamp%20le%20%272026-01-01T01:00:00.000Z%27");
    assert_non_null(strstr(world.script.sent[1].url,
                           "$skipToken=EU1:-1:FFFFFFFF;US1:0637592029774418052:d5291b61;"
                           "AS1:%20a|b\"c"));
    assert_string_equal(world.script.sent[0].authorization, "Bearer token-1");
    assert_string_equal(world.script.credential_host, "management.azure.com");
    assert_string_equal(azure_double_audience(), "https://management.azure.com");
    azure_world_stop(&world);
}

static void test_tenant_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/denied.json", .status = 403}};
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, NULL, steps, 1);
    assert_false(azure_world_poll(&world));
    assert_non_null(strstr(world.script.sent[0].url,
                           "https://management.azure.com/providers/Microsoft.Insights/"
                           "eventtypes/management/values?"));
    assert_non_null(strstr(world.err.text, "--scope /providers/Microsoft.Insights"));
    azure_world_stop(&world);
}

static void test_graph_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/graph/first.json"},
                                        {.file = "azure/graph/last.json"}};
    struct azure_world world;
    azure_world_start(&world, &provider_entra_audit, subscription, steps, 2);
    assert_true(azure_world_poll(&world));
    assert_int_equal(world.page.record_count, 2);
    assert_int_equal(world.page.record_ms[0], azure_slice.a_ms + MS_PER_MINUTE + 123);
    assert_true(azure_world_poll(&world));
    assert_true(world.page.done);
    assert_string_equal(
        world.script.sent[0].url,
        "https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?$filter="
        "activityDateTime%20ge%202026-01-01T00:00:00.000Z%20and%20activityDateTime%20le"
        "%202026-01-01T01:00:00.000Z&$orderby=activityDateTime&$top=999");
    assert_string_equal(world.script.sent[1].url,
                        "https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?"
                        "$skiptoken=aaa");
    assert_string_equal(azure_double_audience(), "https://graph.microsoft.com");
    azure_world_stop(&world);
}

static void test_graph_permissions(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/denied.json", .status = 403}};
    struct azure_world world;
    azure_world_start(&world, &provider_entra_audit, subscription, steps, 1);
    assert_false(azure_world_poll(&world));
    assert_int_equal(world.err.kind, ERROR_DENIED);
    assert_non_null(strstr(world.err.text, "AuditLog.Read.All and Directory.Read.All"));
    azure_world_stop(&world);
}

static void test_refreshed_token(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/expired.json", .status = 401},
                                        {.file = "azure/activity/last.json"}};
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, steps, 2);
    assert_true(azure_world_poll(&world));
    assert_string_equal(world.script.sent[1].authorization, "Bearer token-2");
    azure_world_stop(&world);
}

static void test_waits(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {.status = 429, .retry_after_ms = 17000},
        {.file = "azure/activity/first.json", .reads_left = 3},
        {.file = "azure/activity/last.json"}};
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, steps, 3);
    assert_true(azure_world_poll(&world));
    assert_int_equal(world.script.sent[1].waited_ms, 17000);
    assert_true(azure_world_poll(&world));
    assert_int_equal(world.script.sent[2].waited_ms, 2000);
    azure_world_stop(&world);
}

static void test_page_that_was_not_settled(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/activity/first.json"},
                                        {.file = "azure/activity/second.json"},
                                        {.file = "azure/activity/first.json"}};
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, steps, 3);
    assert_true(azure_world_poll(&world));
    json_t *settled = json_deep_copy(world.place);
    assert_true(azure_world_poll(&world));
    json_decref(world.place);
    world.place = settled; /* the second page reached no sink */
    assert_true(azure_world_poll(&world));
    assert_null(strstr(world.script.sent[2].url, "skipToken"));
    assert_int_equal(json_integer_value(json_object_get(world.place, "page")), 1);
    azure_world_stop(&world);
}

static void test_another_process(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "azure/activity/first.json"}};
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, steps, 1);
    world.place = json_pack("{s:i}", "page", 3);
    assert_true(azure_world_poll(&world));
    assert_null(strstr(world.script.sent[0].url, "skipToken"));
    azure_world_stop(&world);
}

static void test_another_process_far_in(void **state)
{
    (void)state;
    struct azure_world world;
    azure_world_start(&world, &provider_azure_activity, subscription, NULL, 0);
    world.place = json_pack("{s:i}", "page", 12);
    assert_false(azure_world_poll(&world));
    assert_int_equal(world.err.kind, ERROR_TOO_BIG);
    assert_int_equal(world.script.sent_count, 0);
    azure_world_stop(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"the activity log is asked with quoted bounds and links as they came",
         test_activity_request, NULL, NULL, NULL},
        {"the tenant level is a log of its own", test_tenant_request, NULL, NULL, NULL},
        {"Graph is asked with bare bounds, in order", test_graph_request, NULL, NULL,
         NULL},
        {"Graph's refusal names both permissions", test_graph_permissions, NULL, NULL,
         NULL},
        {"a new token is used after a refusal", test_refreshed_token, NULL, NULL, NULL},
        {"waits as the service says, and when few reads are left", test_waits, NULL, NULL,
         NULL},
        {"a page that was not settled is read again", test_page_that_was_not_settled,
         NULL, NULL, NULL},
        {"another process starts a short walk again", test_another_process, NULL, NULL,
         NULL},
        {"another process asks for less than a long walk", test_another_process_far_in,
         NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("azure requests", tests, NULL, NULL);
}
