/* aws/endpoint.h, aws/credentials.h and what cloudtrail.c accepts before it reads. */
#include "aws/cloudtrail.h"
#include "aws/endpoint.h"
#include "aws/origin.h"
#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *region;
    const char *configured;
    const char *service_variable;
    const char *variable;
    const char *url; /* NULL: refused */
    const char *host;
} rows[] = {
    {"commercial", "eu-west-2", NULL, NULL, NULL,
     "https://cloudtrail.eu-west-2.amazonaws.com/", "cloudtrail.eu-west-2.amazonaws.com"},
    {"China", "cn-north-1", NULL, NULL, NULL,
     "https://cloudtrail.cn-north-1.amazonaws.com.cn/",
     "cloudtrail.cn-north-1.amazonaws.com.cn"},
    {"GovCloud", "us-gov-west-1", NULL, NULL, NULL,
     "https://cloudtrail.us-gov-west-1.amazonaws.com/",
     "cloudtrail.us-gov-west-1.amazonaws.com"},
    {"iso", "us-iso-east-1", NULL, NULL, NULL,
     "https://cloudtrail.us-iso-east-1.c2s.ic.gov/",
     "cloudtrail.us-iso-east-1.c2s.ic.gov"},
    {"iso-b", "us-isob-east-1", NULL, NULL, NULL,
     "https://cloudtrail.us-isob-east-1.sc2s.sgov.gov/",
     "cloudtrail.us-isob-east-1.sc2s.sgov.gov"},
    {"iso-f", "us-isof-south-1", NULL, NULL, NULL,
     "https://cloudtrail.us-isof-south-1.csp.hci.ic.gov/",
     "cloudtrail.us-isof-south-1.csp.hci.ic.gov"},
    {"European sovereign", "eusc-de-east-1", NULL, NULL, NULL,
     "https://cloudtrail.eusc-de-east-1.amazonaws.eu/",
     "cloudtrail.eusc-de-east-1.amazonaws.eu"},
    {"a region not known yet", "xx-new-9", NULL, NULL, NULL,
     "https://cloudtrail.xx-new-9.amazonaws.com/", "cloudtrail.xx-new-9.amazonaws.com"},
    {"configured", "eu-west-2", "https://vpce.example", "https://no.example", NULL,
     "https://vpce.example/", "vpce.example"},
    {"a port is part of Host", "eu-west-2", "http://127.0.0.1:8080/", NULL, NULL,
     "http://127.0.0.1:8080/", "127.0.0.1:8080"},
    {"the default port is not", "eu-west-2", "https://vpce.example:443", NULL, NULL,
     "https://vpce.example:443/", "vpce.example"},
    {"the service's variable wins", "eu-west-2", NULL, "https://one.example",
     "https://two.example", "https://one.example/", "one.example"},
    {"the general variable", "eu-west-2", NULL, NULL, "https://two.example",
     "https://two.example/", "two.example"},
    {"a user in it", "eu-west-2", "https://a@b.example", NULL, NULL, NULL, NULL},
    {"a path in it", "eu-west-2", "https://b.example/path", NULL, NULL, NULL, NULL},
    {"no scheme", "eu-west-2", "b.example", NULL, NULL, NULL, NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void set_or_unset(const char *name, const char *value)
{
    if (value == NULL) {
        unsetenv(name);
    } else {
        setenv(name, value, 1);
    }
}

static void test_endpoint(void **state)
{
    const struct row *row = *state;
    struct endpoint endpoint;
    struct error err = {0};
    set_or_unset("AWS_ENDPOINT_URL_CLOUDTRAIL", row->service_variable);
    set_or_unset("AWS_ENDPOINT_URL", row->variable);
    bool ok = endpoint_find("cloudtrail", row->region, row->configured, &endpoint, &err);
    assert_int_equal(ok, row->url != NULL);
    if (ok) {
        assert_string_equal(endpoint.url, row->url);
        assert_string_equal(endpoint.host, row->host);
    } else {
        assert_int_equal(err.kind, ERROR_CONFIG);
    }
    endpoint_clear(&endpoint);
}

/* How many lines standard error gets from asking twice. */
static int count_warnings(void)
{
    int pipes[2];
    char text[4096] = "";
    int kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    for (int i = 0; i < 2; i++) {
        struct endpoint endpoint;
        assert_true(endpoint_find("cloudtrail", "eu-west-2", NULL, &endpoint, NULL));
        endpoint_clear(&endpoint);
    }
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(pipes[1]);
    ssize_t size = read(pipes[0], text, sizeof(text) - 1);
    close(pipes[0]);
    int lines = 0;
    for (ssize_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static void an_endpoint_of_the_environment_is_told_once(void **state)
{
    (void)state;
    setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", "https://told-once.example", 1);
    assert_int_equal(count_warnings(), 1);
    setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", "https://told-again.example", 1);
    assert_int_equal(count_warnings(), 1);
    unsetenv("AWS_ENDPOINT_URL_CLOUDTRAIL");
}

static void set_credentials(const char *id, const char *key, const char *token)
{
    set_or_unset("AWS_ACCESS_KEY_ID", id);
    set_or_unset("AWS_SECRET_ACCESS_KEY", key);
    set_or_unset("AWS_SESSION_TOKEN", token);
}

static bool load(struct credentials *credentials, struct error *err)
{
    const struct origin origin = {.kind = ORIGIN_ENVIRONMENT};
    return origin_load(&origin, NULL, credentials, err);
}

static void credentials_come_from_the_environment(void **state)
{
    (void)state;
    struct credentials credentials = {0};
    set_credentials("AKID", "secret", "token");
    assert_true(load(&credentials, NULL));
    assert_string_equal(secret_reveal(&credentials.access_key_id), "AKID");
    assert_string_equal(secret_reveal(&credentials.session_token), "token");
    set_credentials("AKID", "secret", "");
    assert_true(load(&credentials, NULL));
    assert_false(secret_is_set(&credentials.session_token));
    credentials_clear(&credentials);
}

static void refused(const char *id, const char *key, const char *token, const char *says)
{
    struct credentials credentials = {0};
    struct error err = {0};
    set_credentials(id, key, token);
    assert_false(load(&credentials, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, says));
    assert_null(strstr(err.text, "hidden"));
}

static void partial_credentials_name_what_is_missing(void **state)
{
    (void)state;
    refused("hidden", NULL, NULL, "AWS_SECRET_ACCESS_KEY is missing");
    refused(NULL, "hidden", NULL, "AWS_ACCESS_KEY_ID is missing");
    refused("hidden", "", "hidden", "AWS_SECRET_ACCESS_KEY is missing");
    refused(NULL, NULL, "hidden", "AWS_ACCESS_KEY_ID is missing");
    refused(NULL, NULL, NULL, "no AWS credentials");
}

static void account_is_twelve_digits(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "11112222333", "1111222233334",
                                        "11112222333a"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_t *settings =
            json_pack("{s:s, s:s}", "region", "eu-west-2", "account", wrong[i]);
        json_t *sources = NULL;
        struct error err = {0};
        assert_false(provider_aws_cloudtrail.expand(settings, NULL, &sources, &err));
        assert_int_equal(err.kind, ERROR_CONFIG);
        json_decref(settings);
    }
}

static void entry_is_one_source(void **state)
{
    (void)state;
    json_t *settings =
        json_pack("{s:s, s:s}", "region", "eu-west-2", "account", "111122223333");
    json_t *sources = NULL;
    assert_true(provider_aws_cloudtrail.expand(settings, NULL, &sources, NULL));
    json_t *expected = json_pack("[{s:s, s:s, s:s}]", "region", "eu-west-2", "account",
                                 "111122223333", "name", "");
    assert_true(json_equal(sources, expected));
    json_decref(expected);
    json_decref(sources);
    json_decref(settings);
}

static void registry_is_alphabetical(void **state)
{
    (void)state;
    assert_non_null(providers[0]);
    for (size_t i = 1; providers[i] != NULL; i++) {
        assert_true(strcmp(providers[i - 1]->name, providers[i]->name) < 0);
    }
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_endpoint_of_the_environment_is_told_once),
        cmocka_unit_test(credentials_come_from_the_environment),
        cmocka_unit_test(partial_credentials_name_what_is_missing),
        cmocka_unit_test(account_is_twelve_digits),
        cmocka_unit_test(entry_is_one_source),
        cmocka_unit_test(registry_is_alphabetical),
    };
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    struct CMUnitTest tests[ROWS + CASES] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_endpoint, .initial_state = &rows[i]};
    }
    memcpy(tests + ROWS, cases, sizeof(cases));
    return cmocka_run_group_tests_name("aws setup", tests, NULL, NULL);
}
