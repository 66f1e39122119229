/*
 * Which sources an entry becomes: subscriptions listed or discovered, and the tenant.
 */
#include "azure/activity.h"
#include "azure/directory.h"
#include "azure_double.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DISCOVERY                                                                        \
    {.file = "azure/list/subscriptions-1.json"},                                         \
    {                                                                                    \
        .file = "azure/list/subscriptions-2.json"                                        \
    }
#define ONE "5a000000-0000-4000-8000-000000000001"
#define TWO "5a000000-0000-4000-8000-000000000002"
#define THREE "5a000000-0000-4000-8000-000000000003"
#define FOUR "5a000000-0000-4000-8000-000000000004"

static struct row {
    const char *name;
    const char *settings;
    struct step steps[4];
    size_t requests;
    const char *sources; /* names, each followed by a space; NULL: an error */
    enum error_kind kind;
} rows[] = {
    {"every subscription, once, disabled ones too",
     "{}",
     {DISCOVERY},
     2,
     ONE " " TWO " " THREE " ",
     ERROR_NONE},
    {"only those whose name fits",
     "{\"include\":[\"prod-*\"]}",
     {DISCOVERY},
     2,
     ONE " " THREE " ",
     ERROR_NONE},
    {"not those whose name or id fits",
     "{\"exclude\":[\"dev-*\",\"*003\"]}",
     {DISCOVERY},
     2,
     ONE " ",
     ERROR_NONE},
    {"listed ones without asking",
     "{\"subscriptions\":[\"" TWO "\",\"" ONE "\"]}",
     {{.file = NULL}},
     0,
     TWO " " ONE " ",
     ERROR_NONE},
    {"capitals are no other subscription",
     "{\"subscriptions\":[\"5A000000-0000-4000-8000-000000000001\",\"" ONE "\"]}",
     {{.file = NULL}},
     0,
     ONE " ",
     ERROR_NONE},
    {"the tenant level beside them",
     "{\"tenant_level\":true,\"tenant_id\":\"t1\",\"subscriptions\":[\"" ONE "\"]}",
     {{.file = NULL}},
     0,
     "tenant " ONE " ",
     ERROR_NONE},
    {"those below a management group",
     "{\"management_groups\":[\"root\"]}",
     {{.file = "azure/list/descendants.json"}},
     1,
     FOUR " ",
     ERROR_NONE},
    {"listed ones and a management group's",
     "{\"subscriptions\":[\"" ONE "\"],\"management_groups\":[\"root\"]}",
     {{.file = "azure/list/descendants.json"}},
     1,
     ONE " " FOUR " ",
     ERROR_NONE},
    {"none to be seen is an error",
     "{}",
     {{.file = "azure/list/none.json"}},
     1,
     NULL,
     ERROR_DENIED},
    {"none to be seen is an error beside the tenant level, too",
     "{\"tenant_level\":true,\"tenant_id\":\"t1\"}",
     {{.file = "azure/list/none.json"}},
     1,
     NULL,
     ERROR_DENIED},
    {"the tenant level alone, where all others are excluded",
     "{\"tenant_level\":true,\"tenant_id\":\"t1\",\"exclude\":[\"*\"]}",
     {DISCOVERY},
     2,
     "tenant ",
     ERROR_NONE},
    {"none left by the patterns is an error",
     "{\"include\":[\"x\"]}",
     {DISCOVERY},
     2,
     NULL,
     ERROR_DENIED},
    {"a refusal is an error",
     "{}",
     {{.file = "azure/denied.json", .status = 403}},
     1,
     NULL,
     ERROR_DENIED},
    {"an answer that is no list is an error",
     "{}",
     {{.file = "azure/flat.json"}},
     1,
     NULL,
     ERROR_DATA},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_row(void **state)
{
    const struct row *row = *state;
    struct script script;
    script_init(&script, row->steps, 4);
    json_t *settings = json_loads(row->settings, 0, NULL);
    json_t *sources = NULL;
    struct error err = {0};
    bool ok = provider_azure_activity.expand(settings, &script.runtime, &sources, &err);
    assert_int_equal(ok, row->sources != NULL);
    assert_int_equal(err.kind, row->kind);
    assert_int_equal(script.sent_count, row->requests);

    const char *rest = row->sources == NULL ? "" : row->sources;
    size_t i = 0;
    json_t *source = NULL;
    json_array_foreach(sources, i, source)
    {
        const char *name = json_string_value(json_object_get(source, "name"));
        assert_int_equal(strncmp(rest, name, strlen(name)), 0);
        rest += strlen(name) + 1;
        assert_true(json_array_size(json_object_get(source, "redact")) > 0);
    }
    assert_string_equal(rest, "");
    json_decref(sources);
    json_decref(settings);
}

static json_t *redacted(const char *claims)
{
    struct script script;
    script_init(&script, NULL, 0);
    json_t *settings = json_pack("{s:[s], s:s}", "subscriptions", ONE, "claims", claims);
    json_t *sources = NULL;
    assert_true(
        provider_azure_activity.expand(settings, &script.runtime, &sources, NULL));
    json_t *paths = json_incref(json_object_get(json_array_get(sources, 0), "redact"));
    json_decref(sources);
    json_decref(settings);
    return paths;
}

static bool has(const json_t *paths, const char *path)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(paths, i, item)
    {
        if (strcmp(json_string_value(item), path) == 0) {
            return true;
        }
    }
    return false;
}

static void test_claims(void **state)
{
    (void)state;
    json_t *minimal = redacted("minimal");
    json_t *none = redacted("none");
    json_t *all = redacted("all");
    assert_true(has(minimal, "claims.puid"));
    assert_true(has(minimal, "identity.claims.groups"));
    assert_false(has(minimal, "claims.appid"));
    assert_false(has(minimal, "claims"));
    assert_true(has(none, "claims"));
    assert_true(has(none, "identity.claims"));
    assert_int_equal(json_array_size(all), 0);
    json_decref(minimal);
    json_decref(none);
    json_decref(all);
}

static void test_directory(void **state)
{
    (void)state;
    struct script script;
    struct error err = {0};
    script_init(&script, NULL, 0);
    json_t *settings = json_pack("{s:s}", "tenant_id", "t1");
    json_t *sources = NULL;
    assert_true(provider_entra_audit.expand(settings, &script.runtime, &sources, &err));
    assert_int_equal(json_array_size(sources), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(sources, 0), "account")), "t1");
    json_decref(sources);
    json_object_clear(settings);
    unsetenv("AZURE_TENANT_ID");
    assert_false(provider_entra_audit.expand(settings, &script.runtime, &sources, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    json_decref(settings);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest){.name = "claims decide what is taken out",
                                      .test_func = test_claims};
    tests[ROWS + 1] = (struct CMUnitTest){
        .name = "a directory is one source, of a tenant", .test_func = test_directory};
    return cmocka_run_group_tests_name("azure expand", tests, NULL, NULL);
}
