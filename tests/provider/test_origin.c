/* aws/origin.h: each place that a first credential may come from, and what goes wrong. */
#include "aws/identity.h"
#include "aws_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VARIABLES = 6 };

#define WEB                                                                              \
    {                                                                                    \
        "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod",                               \
            "AWS_WEB_IDENTITY_TOKEN_FILE=aws/identity/token"                             \
    }
#define POD                                                                              \
    {                                                                                    \
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials",       \
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=aws/identity/token"                  \
    }
#define WEB_RULE                                                                         \
    {                                                                                    \
        .url = "https://sts.eu-west-2.amazonaws.com/",                                   \
        .body = "WebIdentityToken=planted-file-token",                                   \
        .answer = "identity/web-identity.xml"                                            \
    }
#define IMDS_TOKEN                                                                       \
    {                                                                                    \
        .method = "PUT", .url = "/latest/api/token", .answer = "planted-imds"            \
    }
#define IMDS_ROLE                                                                        \
    {                                                                                    \
        .url = "/security-credentials/", .answer = "node-role", .times = 1               \
    }

/* An identity found with these variables and answers: its key's id, or its error. */
static struct row {
    const char *name;
    const char *kind; /* NULL: auto */
    const char *variables[VARIABLES];
    struct world_rule rules[WORLD_RULES];
    const char *id;   /* NULL: refused */
    const char *says; /* from, or a part of the error */
} rows[] = {
    {"keys in the environment",
     NULL,
     {"AWS_ACCESS_KEY_ID=AKIDENV", "AWS_SECRET_ACCESS_KEY=planted"},
     {{0}},
     "AKIDENV",
     "environment"},
    {"the environment wins over all",
     NULL,
     {"AWS_ACCESS_KEY_ID=AKIDENV", "AWS_SECRET_ACCESS_KEY=planted",
      "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod",
      "AWS_WEB_IDENTITY_TOKEN_FILE=aws/identity/token"},
     {{0}},
     "AKIDENV",
     "environment"},
    {"web identity",
     NULL,
     WEB,
     {WEB_RULE},
     "ASIAWEB1",
     "web identity as role arn:aws:iam::111122223333:role/pod"},
    {"web identity wins over a pod's",
     NULL,
     {"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod",
      "AWS_WEB_IDENTITY_TOKEN_FILE=aws/identity/token",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials"},
     {WEB_RULE},
     "ASIAWEB1",
     "web identity"},
    {"a pod's",
     NULL,
     POD,
     {{.url = "http://169.254.170.23/v1/credentials",
       .answer = "identity/container.json"}},
     "ASIACONTAINER1",
     "container (AWS_CONTAINER_CREDENTIALS_FULL_URI)"},
    {"a task's",
     NULL,
     {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/x"},
     {{.url = "http://169.254.170.2/v2/credentials/x",
       .answer = "identity/container.json"}},
     "ASIACONTAINER1",
     "RELATIVE_URI"},
    {"an instance's",
     NULL,
     {NULL},
     {IMDS_TOKEN,
      IMDS_ROLE,
      {.url = "/security-credentials/node-role", .answer = "identity/instance.json"}},
     "ASIAINSTANCE3",
     "instance (EC2 role node-role)"},
    {"an instance's, by IPv6",
     "instance",
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6"},
     {{.method = "PUT",
       .url = "http://[fd00:ec2::254]/latest/api/token",
       .answer = "planted-imds"},
      IMDS_ROLE,
      {.url = "/security-credentials/node-role", .answer = "identity/instance.json"}},
     "ASIAINSTANCE3",
     "node-role"},
    {"an instance's that EC2 could not renew",
     "instance",
     {NULL},
     {IMDS_TOKEN,
      IMDS_ROLE,
      {.url = "/security-credentials/node-role",
       .answer = "identity/instance-stale.json"}},
     "ASIAINSTANCE3",
     "node-role"},
    {"half an environment",
     NULL,
     {"AWS_ACCESS_KEY_ID=planted"},
     {{0}},
     NULL,
     "AWS_SECRET_ACCESS_KEY is missing"},
    {"a web identity without its role",
     NULL,
     {"AWS_WEB_IDENTITY_TOKEN_FILE=aws/identity/token"},
     {{0}},
     NULL,
     "AWS_ROLE_ARN is missing"},
    {"a web identity without its token",
     NULL,
     {"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod"},
     {{0}},
     NULL,
     "AWS_WEB_IDENTITY_TOKEN_FILE is missing"},
    {"a web identity whose file is not there",
     NULL,
     {"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod",
      "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere/token"},
     {{0}},
     NULL,
     "/nowhere/token: No such file"},
    {"a web identity that is not trusted",
     NULL,
     WEB,
     {{.url = "sts.", .answer = "identity/sts-denied.xml", .status = 403}},
     NULL,
     "trust policy"},
    {"a web identity whose token is over",
     NULL,
     WEB,
     {{.url = "sts.", .answer = "identity/sts-expired.xml", .status = 400}},
     NULL,
     "the token in aws/identity/token is over"},
    {"a web identity without an OIDC provider",
     NULL,
     WEB,
     {{.url = "sts.", .answer = "identity/sts-invalid-token.xml", .status = 400}},
     NULL,
     "OIDC provider"},
    {"a region whose STS is off",
     NULL,
     WEB,
     {{.url = "sts.", .answer = "identity/sts-disabled.xml", .status = 403}},
     NULL,
     "set sts_region"},
    {"an issuer that is away for a moment",
     NULL,
     WEB,
     {{.url = "sts.", .answer = "identity/sts-idp.xml", .status = 400, .times = 2},
      WEB_RULE},
     "ASIAWEB3",
     "web identity"},
    {"STS that does not answer is no reason to look further",
     NULL,
     WEB,
     {{.url = "sts.", .fails = ERROR_UNREACHABLE}, IMDS_TOKEN},
     NULL,
     "role/pod"},
    {"a document type in STS's answer",
     NULL,
     WEB,
     {{.url = "sts.", .answer = "identity/doctype.xml"}},
     NULL,
     "document type"},
    {"a pod that is refused",
     NULL,
     POD,
     {{.url = "/v1/credentials", .answer = "planted", .status = 403}},
     NULL,
     "HTTP 403; check the pod's identity association"},
    {"a pod's answer that is none",
     NULL,
     POD,
     {{.url = "/v1/credentials", .answer = "planted"}},
     NULL,
     "not a JSON object"},
    {"another link-local address",
     NULL,
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.1.1/v1/credentials"},
     {{0}},
     NULL,
     "use https"},
    {"a relative URI without its slash",
     NULL,
     {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=@planted.example/"},
     {{0}},
     NULL,
     "must begin with a slash"},
    {"a line break in a pod's token",
     NULL,
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN=planted\r\nHost: x"},
     {{.url = "169", .answer = "identity/container.json"}},
     NULL,
     "line break"},
    {"metadata that does not answer",
     NULL,
     {NULL},
     {{.url = "/latest/api/token", .fails = ERROR_UNREACHABLE}},
     NULL,
     "hop limit"},
    {"metadata that is switched off",
     NULL,
     {"AWS_EC2_METADATA_DISABLED=true"},
     {{0}},
     NULL,
     "AWS_EC2_METADATA_DISABLED"},
    {"metadata that knows no version 2",
     NULL,
     {NULL},
     {{.url = "/latest/api/token", .status = 404}},
     NULL,
     "IMDSv2"},
    {"an instance without a role",
     NULL,
     {NULL},
     {IMDS_TOKEN, {.url = "/security-credentials/", .status = 404}},
     NULL,
     "attach an instance profile"},
    {"an instance whose role may not be assumed",
     NULL,
     {NULL},
     {IMDS_TOKEN,
      IMDS_ROLE,
      {.url = "/security-credentials/node-role",
       .answer = "identity/instance-refused.json"}},
     NULL,
     "trust policy"},
    {"a role's name that is a path",
     NULL,
     {NULL},
     {IMDS_TOKEN,
      {.url = "/security-credentials/", .answer = "../../user-data", .times = 1}},
     NULL,
     "name is not one"},
    {"an unknown mode of metadata",
     "instance",
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=both"},
     {{0}},
     NULL,
     "IPv4 or IPv6"},
    {"the environment only, and it is empty",
     "environment",
     WEB,
     {{0}},
     NULL,
     "no AWS credentials in the environment"},
    {"a container only, and there is none",
     "container",
     WEB,
     {{0}},
     NULL,
     "no container credentials"},
    {"a profile that is not there",
     NULL,
     {"AWS_PROFILE=ghost"},
     {{0}},
     NULL,
     "profile ghost: it is neither in"},
    {"a config file that is not there",
     NULL,
     {"AWS_CONFIG_FILE=/nowhere/config"},
     {{0}},
     NULL,
     "AWS_CONFIG_FILE: /nowhere/config"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void set_variables(const char *const *variables)
{
    for (size_t i = 0; i < VARIABLES && variables[i] != NULL; i++) {
        char name[64];
        size_t size = strcspn(variables[i], "=");
        snprintf(name, sizeof(name), "%.*s", (int)size, variables[i]);
        setenv(name, variables[i] + size + 1, 1);
    }
}

static bool find_and_get(struct world *world, const char *kind,
                         struct credentials *credentials, struct error *err)
{
    struct identity *identity = NULL;
    json_t *settings = json_pack("{s:s}", "credentials", kind == NULL ? "auto" : kind);
    bool ok = identity_find(settings, "eu-west-2", &identity, err) &&
              identity_get(identity, &world->runtime, credentials, err);
    json_decref(settings);
    return ok;
}

static void test_origin(void **state)
{
    const struct row *row = *state;
    struct world world;
    struct credentials credentials = {0};
    struct error err = {0};
    world_init(&world);
    set_variables(row->variables);
    memcpy(world.rules, row->rules, sizeof(world.rules));
    bool ok = find_and_get(&world, row->kind, &credentials, &err);
    if (row->id != NULL) {
        assert_string_equal(err.text, "");
        assert_true(ok);
        assert_string_equal(secret_reveal(&credentials.access_key_id), row->id);
        assert_non_null(strstr(credentials.from, row->says));
    } else {
        assert_false(ok);
        if (strstr(err.text, row->says) == NULL) {
            fail_msg("%s", err.text);
        }
        assert_null(strstr(err.text, "planted"));
    }
    credentials_clear(&credentials);
    world_clear(&world);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_origin, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
