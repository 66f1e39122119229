/* aws/accounts.h: what an entry stands for, and as whom each of its sources is read. */
#include "aws/accounts.h"
#include "aws/identity.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

/* "ACCOUNT-REGION ..." of what settings expand to; "!ACCOUNT" where it failed. */
static void assert_expands(const struct step *steps, size_t step_count,
                           const char *settings_text, const char *expected)
{
    struct script script;
    struct error err = {0};
    json_t *sources = NULL;
    json_t *settings = parse(settings_text);
    script_init(&script, steps, step_count);
    if (!accounts_expand(settings, &script.runtime, &sources, &err)) {
        fail_msg("%s", err.text);
    }
    struct buf text;
    buf_init(&text, 512);
    for (size_t i = 0; i < json_array_size(sources); i++) {
        const json_t *source = json_array_get(sources, i);
        bool has_failed = json_object_get(source, "failed") != NULL;
        buf_addf(
            &text, "%s%s%s", i == 0 ? "" : " ", has_failed ? "!" : "",
            json_string_value(json_object_get(source, has_failed ? "account" : "name")));
    }
    assert_string_equal(buf_text(&text), expected);
    buf_clear(&text);
    assert_int_equal(script.next, step_count);
    json_decref(sources);
    json_decref(settings);
    identity_forget_all();
}

static void an_organisation_is_read_to_its_last_page(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "aws/accounts/list-first.json"},
                                        {.file = "aws/accounts/list-empty.json"},
                                        {.file = "aws/accounts/list-last.json"}};
    assert_expands(
        steps, 3,
        "{\"organization\": true, \"role\": \"r\", \"regions\": [\"eu-west-2\"],"
        " \"exclude_accounts\": [\"sandbox-*\"]}",
        "111111111111-eu-west-2 111111111111-us-east-1 "
        "555555555555-eu-west-2 555555555555-us-east-1");
}

static void enabled_regions_and_the_global_one_are_found(void **state)
{
    (void)state;
    static const struct step steps[] = {{.file = "aws/accounts/regions.xml"}};
    assert_expands(steps, 1, "{\"account\": \"111111111111\", \"regions\": [\"all\"]}",
                   "111111111111-eu-west-2 111111111111-ap-east-1 "
                   "111111111111-us-east-1");
    assert_expands(steps, 1,
                   "{\"account\": \"111111111111\", \"regions\": [\"all\"],"
                   " \"exclude_regions\": [\"ap-*\", \"us-*\"]}",
                   "111111111111-eu-west-2");
}

static void an_account_that_cannot_be_asked_is_named(void **state)
{
    (void)state;
    static const struct step denied[] = {
        {.file = "aws/accounts/regions-denied.xml", .status = 403}};
    static const struct step none[] = {{.file = "aws/accounts/regions-none.xml"}};
    const char *settings = "{\"account\": \"111111111111\", \"regions\": [\"all\"]}";
    assert_expands(denied, 1, settings, "!111111111111");
    assert_expands(none, 1, settings, "!111111111111");
}

static void each_partition_has_its_global_region(void **state)
{
    (void)state;
    assert_expands(NULL, 0,
                   "{\"account\": \"111111111111\", \"regions\": [\"us-gov-east-1\"]}",
                   "111111111111-us-gov-east-1 111111111111-us-gov-west-1");
    assert_expands(NULL, 0,
                   "{\"account\": \"111111111111\", \"regions\": [\"cn-northwest-1\"]}",
                   "111111111111-cn-northwest-1 111111111111-cn-north-1");
    assert_expands(NULL, 0, "{\"account\": \"111111111111\", \"region\": \"eu-west-2\"}",
                   "");
}

static struct row {
    const char *name;
    const char *settings;
    const char *account; /* NULL: of nobody's account */
    const char *region;
    const char *expected; /* members that its settings must have */
} rows[] = {
    {"a role by its name", "{\"role\": \"reader\"}", "111111111111", "eu-west-2",
     "{\"role_arn\": [\"arn:aws:iam::111111111111:role/reader\"]}"},
    {"a role with its path", "{\"role\": \"/audit/reader\"}", "111111111111",
     "us-gov-west-1",
     "{\"role_arn\": [\"arn:aws-us-gov:iam::111111111111:role/audit/reader\"]}"},
    {"a role behind a chain",
     "{\"role\": \"r\", \"role_arn\": [\"hub\", \"x-{account}\"]}", "111111111111",
     "cn-north-1",
     "{\"role_arn\": [\"hub\", \"x-111111111111\","
     " \"arn:aws-cn:iam::111111111111:role/r\"]}"},
    {"nobody's account",
     "{\"role\": \"r\", \"role_arn\": [\"hub\", \"x-{account}\"],"
     " \"external_id\": \"e\"}",
     NULL, "us-east-1", "{\"role_arn\": [\"hub\"], \"external_id\": null}"},
    {"nobody's account keeps the id of its own role",
     "{\"role_arn\": [\"hub\"], \"external_id\": \"e\"}", NULL, "us-east-1",
     "{\"role_arn\": [\"hub\"], \"external_id\": \"e\"}"},
    {"FIPS, one STS for all regions", "{\"fips\": true}", "111111111111", "us-west-2",
     "{\"sts_endpoint\": \"https://sts-fips.us-east-1.amazonaws.com/\","
     " \"sts_region\": \"us-east-1\"}"},
    {"another STS", "{\"endpoints\": {\"sts\": \"https://sts.example\"}}", "111111111111",
     "eu-west-2", "{\"sts_endpoint\": \"https://sts.example\"}"},
    {"nothing said", "{}", "111111111111", "eu-west-2",
     "{\"sts_endpoint\": null, \"role_arn\": []}"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_settings(void **state)
{
    const struct row *row = *state;
    json_t *settings = parse(row->settings);
    json_t *before = json_deep_copy(settings);
    json_t *expected = parse(row->expected);
    json_t *own = accounts_settings(settings, row->account, row->region);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(expected, key, value)
    {
        const json_t *found = json_object_get(own, key);
        assert_true(json_is_null(value) ? found == NULL : json_equal(found, value));
    }
    assert_true(json_equal(settings, before));
    json_decref(own);
    json_decref(expected);
    json_decref(before);
    json_decref(settings);
}

static int set_credentials(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_organisation_is_read_to_its_last_page),
        cmocka_unit_test(enabled_regions_and_the_global_one_are_found),
        cmocka_unit_test(an_account_that_cannot_be_asked_is_named),
        cmocka_unit_test(each_partition_has_its_global_region),
    };
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    struct CMUnitTest tests[ROWS + CASES] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_settings, .initial_state = &rows[i]};
    }
    memcpy(tests + ROWS, cases, sizeof(cases));
    return cmocka_run_group_tests_name("aws accounts", tests, set_credentials, NULL);
}
