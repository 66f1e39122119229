/* aws/identity.h: settings that contradict each other are refused before anything is
 * asked. */
#include "aws/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *settings;
    const char *says;
} rows[] = {
    {"no ARN", "{\"role_arn\":[\"audit\"]}", "role_arn: must be like"},
    {"a user's ARN", "{\"role_arn\":[\"arn:aws:iam::111122223333:user/a\"]}", "role_arn"},
    {"an ARN without an account", "{\"role_arn\":[\"arn:aws:iam::1:role/a\"]}",
     "role_arn"},
    {"an account that nobody filled in",
     "{\"role_arn\":[\"arn:aws:iam::{account}:role/a\"]}", "{account}"},
    {"an external id for no role", "{\"external_id\":\"x1\"}", "external_id"},
    {"a session's name of one character", "{\"session_name\":\"x\"}", "session_name"},
    {"a process without its program", "{\"credentials\":\"process\"}",
     "name the program"},
    {"a program that is not run", "{\"credential_process\":[\"/bin/true\"]}",
     "credentials: process"},
    {"a profile beside the environment",
     "{\"credentials\":\"environment\",\"profile\":\"a\"}", "remove either"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_refused(void **state)
{
    const struct row *row = *state;
    struct identity *identity = NULL;
    struct error err = {0};
    json_t *settings = json_loads(row->settings, 0, NULL);
    assert_non_null(settings);
    assert_false(identity_find(settings, "eu-west-2", &identity, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, row->says));
    json_decref(settings);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_refused, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("identity settings", tests, NULL, NULL);
}
