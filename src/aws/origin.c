#include "aws/origin.h"

#include "aws/container.h"
#include "aws/instance.h"
#include "aws/profile.h"
#include "aws/program.h"
#include "base/mem.h"

#include <stdlib.h>

const char *origin_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_environment_set(void)
{
    return origin_variable("AWS_ACCESS_KEY_ID") != NULL ||
           origin_variable("AWS_SECRET_ACCESS_KEY") != NULL ||
           origin_variable("AWS_SESSION_TOKEN") != NULL;
}

bool origin_load_environment(struct credentials *credentials, struct error *err)
{
    const char *id = origin_variable("AWS_ACCESS_KEY_ID");
    const char *key = origin_variable("AWS_SECRET_ACCESS_KEY");
    const char *token = origin_variable("AWS_SESSION_TOKEN");
    if (!is_environment_set()) {
        return error_set(err, ERROR_CONFIG,
                         "no AWS credentials in the environment: set AWS_ACCESS_KEY_ID "
                         "and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary "
                         "ones)");
    }
    if (id == NULL || key == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "AWS credentials in the environment: %s is missing; set it, or "
                         "unset the others",
                         id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
    }
    secret_set(&credentials->access_key_id, id);
    secret_set(&credentials->secret_access_key, key);
    if (token != NULL) {
        secret_set(&credentials->session_token, token);
    }
    credentials->from = mem_dup("environment");
    return true;
}

/* A role without a token is half an identity: what stands further on may be broader. */
static bool check_web_variables(struct error *err)
{
    const char *file = origin_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (file == NULL && origin_variable("AWS_ROLE_ARN") != NULL) {
        return error_set(
            err, ERROR_CONFIG,
            "AWS_ROLE_ARN is set and AWS_WEB_IDENTITY_TOKEN_FILE is missing; "
            "set it, or unset AWS_ROLE_ARN (role_arn in the configuration "
            "assumes a role)");
    }
    return true;
}

static bool load_web_identity(const struct origin *origin, const struct runtime *runtime,
                              struct credentials *credentials, struct error *err)
{
    const char *file = origin_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *arn = origin_variable("AWS_ROLE_ARN");
    const char *session = origin_variable("AWS_ROLE_SESSION_NAME");
    if (file == NULL || arn == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "web identity: %s is missing; EKS sets it for a service account "
                         "that is annotated with a role",
                         file == NULL ? "AWS_WEB_IDENTITY_TOKEN_FILE" : "AWS_ROLE_ARN");
    }
    const struct sts_caller caller = {.runtime = runtime, .place = origin->place};
    const struct sts_role role = {
        .arn = arn, .session_name = session == NULL ? origin->session_name : session};
    return sts_assume_with_token(&caller, &role, file, credentials, err);
}

/* The profile that was asked for, by the settings or by AWS_PROFILE; NULL: by nobody. */
static const char *profile_name(const struct origin *origin)
{
    const char *name = origin->profile;
    name = name == NULL ? origin_variable("AWS_PROFILE") : name;
    return name == NULL ? origin_variable("AWS_DEFAULT_PROFILE") : name;
}

static bool load_profile(const struct origin *origin, const struct runtime *runtime,
                         struct credentials *credentials, struct error *err)
{
    const char *name = profile_name(origin);
    const struct profile_wanted wanted = {.name = name == NULL ? "default" : name,
                                          .must_exist = true};
    if (!profile_load(origin, &wanted, runtime, credentials, err)) {
        return false;
    }
    return secret_is_set(&credentials->access_key_id) ||
           error_set(err, ERROR_CONFIG,
                     "profile %s: it says nothing about credentials; give it keys, a "
                     "role_arn or a credential_process",
                     wanted.name);
}

static bool load_last(const struct runtime *runtime, struct credentials *credentials,
                      struct error *err)
{
    if (container_is_configured()) {
        return container_load(runtime, credentials, err);
    }
    if (!instance_is_allowed()) {
        return error_set(err, ERROR_CONFIG,
                         "no AWS credentials: none in the environment, in a profile or "
                         "of a container, and AWS_EC2_METADATA_DISABLED rules out the "
                         "instance's; set one of these, see docs/providers/aws.md");
    }
    return instance_load(runtime, credentials, err) ||
           error_context(err, "no AWS credentials in the environment, in a profile or of "
                              "a container");
}

/* The order of the SDKs. The first that is there, even broken, is the one meant. */
static bool load_auto(const struct origin *origin, const struct runtime *runtime,
                      struct credentials *credentials, struct error *err)
{
    if (origin->profile != NULL) {
        return load_profile(origin, runtime, credentials, err);
    }
    if (is_environment_set()) {
        return origin_load_environment(credentials, err);
    }
    const char *name = profile_name(origin);
    const struct profile_wanted wanted = {.name = name == NULL ? "default" : name,
                                          .must_exist = name != NULL,
                                          .with_environment = true};
    if (!check_web_variables(err) ||
        !profile_load(origin, &wanted, runtime, credentials, err)) {
        return false;
    }
    if (secret_is_set(&credentials->access_key_id)) {
        return true;
    }
    if (name != NULL) {
        return error_set(err, ERROR_CONFIG,
                         "profile %s, which AWS_PROFILE names, says nothing about "
                         "credentials; unset AWS_PROFILE to use the container's or "
                         "instance's",
                         name);
    }
    return load_last(runtime, credentials, err);
}

bool origin_load(const struct origin *origin, const struct runtime *runtime,
                 struct credentials *credentials, struct error *err)
{
    credentials_clear(credentials);
    switch (origin->kind) {
    case ORIGIN_AUTO:
        return load_auto(origin, runtime, credentials, err);
    case ORIGIN_ENVIRONMENT:
        return origin_load_environment(credentials, err);
    case ORIGIN_PROFILE:
        return load_profile(origin, runtime, credentials, err);
    case ORIGIN_WEB_IDENTITY:
        return load_web_identity(origin, runtime, credentials, err);
    case ORIGIN_CONTAINER:
        return container_load(runtime, credentials, err);
    case ORIGIN_INSTANCE:
        return instance_load(runtime, credentials, err);
    case ORIGIN_PROCESS:
        return program_load(origin->argv, runtime, credentials, err);
    }
    return error_set(err, ERROR_CONFIG, "credentials: not one of the known kinds");
}
