/* sinks/http.c: settings that are right one by one and cannot stand together. */
#include "sinks/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define URL "\"url\": \"https://platform.test/\""

static struct row {
    const char *name;
    const char *settings; /* JSON, as the configuration comes to */
    const char *key;      /* NULL: they are right */
} rows[] = {
    {"a URL alone", "{" URL "}", NULL},
    {"xsiam with its key", "{" URL ",\"preset\":\"xsiam\",\"api_key\":\"k\"}", NULL},
    {"xsiam with its key file", "{" URL ",\"preset\":\"xsiam\",\"api_key_file\":\"k\"}",
     NULL},
    {"xsiam without its key", "{" URL ",\"preset\":\"xsiam\"}", "preset"},
    {"xsiam with a bearer token", "{" URL ",\"preset\":\"xsiam\",\"bearer_token\":\"t\"}",
     "preset"},
    {"a key twice", "{" URL ",\"api_key\":\"k\",\"api_key_file\":\"f\"}", "api_key_file"},
    {"a token twice", "{" URL ",\"bearer_token\":\"t\",\"bearer_token_file\":\"f\"}",
     "bearer_token_file"},
    {"a password twice",
     "{" URL ",\"username\":\"u\",\"password\":\"p\",\"password_file\":\"f\"}",
     "password_file"},
    {"a key and a token", "{" URL ",\"api_key\":\"k\",\"bearer_token\":\"t\"}",
     "bearer_token"},
    {"a key and a user",
     "{" URL ",\"api_key\":\"k\",\"username\":\"u\",\"password\":\"p\"}", "username"},
    {"a user without a password", "{" URL ",\"username\":\"u\"}", "username"},
    {"a password without a user", "{" URL ",\"password_file\":\"f\"}", "password_file"},
    {"a client key without a certificate", "{" URL ",\"client_key\":\"k\"}",
     "client_key"},
    {"a certificate that holds its key", "{" URL ",\"client_cert\":\"c\"}", NULL},
    {"a header of our own", "{" URL ",\"headers\":{\"content-Length\":\"1\"}}",
     "headers"},
    {"a header that is none", "{" URL ",\"headers\":{\"a b\":\"1\"}}", "headers"},
    {"a header as it may be", "{" URL ",\"headers\":{\"X-Tenant\":\"hq\"}}", NULL},
    {"a proxy", "{" URL ",\"proxy\":\"http://proxy.test:3128\"}", NULL},
    {"a proxy that is no URL", "{" URL ",\"proxy\":\"proxy.test:3128\"}", "proxy"},
    {"a proxy with a user", "{" URL ",\"proxy\":\"http://u:p@proxy.test\"}", "proxy"},
    {"a proxy for plain http",
     "{\"url\":\"http://127.0.0.1/\",\"proxy\":\"http://proxy.test:3128\"}", "proxy"},
    {"a proxy user without a proxy",
     "{" URL ",\"proxy_username\":\"u\",\"proxy_password\":\"p\"}", "proxy_username"},
    {"a proxy user without a password",
     "{" URL ",\"proxy\":\"http://p.test\",\"proxy_username\":\"u\"}", "proxy_username"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_fault(void **state)
{
    const struct row *row = *state;
    const char *key = NULL;
    json_t *settings = json_loads(row->settings, 0, NULL);
    assert_non_null(settings);
    const char *fault = sink_type_find("http")->fault(settings, &key);
    assert_int_equal(fault != NULL, row->key != NULL);
    if (fault != NULL) {
        assert_string_equal(key, row->key);
    }
    json_decref(settings);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_fault, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("post_settings", tests, NULL, NULL);
}
