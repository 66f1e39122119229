#include "aws/profile.h"

#include "aws/container.h"
#include "aws/instance.h"
#include "aws/program.h"
#include "base/mem.h"

#include <stdlib.h>

static struct sts_role role_of(const struct profile_role *role,
                               const struct origin *origin)
{
    return (struct sts_role){.arn = role->arn,
                             .external_id = role->external_id,
                             .session_name = role->session_name == NULL
                                                 ? origin->session_name
                                                 : role->session_name,
                             .duration_s = role->duration_s};
}

static void load_keys(const struct profile_plan *plan, struct credentials *credentials)
{
    secret_set(&credentials->access_key_id, secret_reveal(plan->access_key_id));
    secret_set(&credentials->secret_access_key, secret_reveal(plan->secret_access_key));
    if (plan->session_token != NULL) {
        secret_set(&credentials->session_token, secret_reveal(plan->session_token));
    }
}

static bool load_process(const char *line, const struct runtime *runtime,
                         struct credentials *credentials, struct error *err)
{
    json_t *argv = program_split(line);
    if (argv == NULL) {
        return error_set(err, ERROR_CONFIG, "credential_process: a quote is not closed");
    }
    bool ok = program_load(argv, runtime, credentials, err);
    json_decref(argv);
    return ok;
}

/* What the plan begins with. */
static bool load_base(const struct profile_plan *plan, const struct sts_caller *caller,
                      const struct sts_role *web_role, struct credentials *credentials,
                      struct error *err)
{
    switch (plan->kind) {
    case PROFILE_KEYS:
        load_keys(plan, credentials);
        return true;
    case PROFILE_WEB_IDENTITY:
        return sts_assume_with_token(caller, web_role, plan->token_file, credentials,
                                     err);
    case PROFILE_PROCESS:
        return load_process(plan->process, caller->runtime, credentials, err);
    case PROFILE_ENVIRONMENT:
        return origin_load_environment(credentials, err);
    case PROFILE_CONTAINER:
        return container_load(caller->runtime, credentials, err);
    case PROFILE_INSTANCE:
        return instance_load(caller->runtime, credentials, err);
    case PROFILE_NOTHING:
        break;
    }
    return error_set(err, ERROR_CONFIG, "it says nothing about credentials");
}

static bool carry_out(const struct profile_plan *plan, const struct origin *origin,
                      const struct runtime *runtime, struct credentials *credentials,
                      struct error *err)
{
    struct sts_caller caller = {.runtime = runtime, .place = origin->place};
    const struct sts_role web_role = role_of(&plan->web_role, origin);
    bool ok = load_base(plan, &caller, &web_role, credentials, err);
    for (size_t i = 0; ok && i < plan->role_count; i++) {
        struct credentials next = {0};
        const struct sts_role role = role_of(&plan->roles[i], origin);
        caller.credentials = credentials;
        ok = sts_assume(&caller, &role, &next, err);
        credentials_clear(credentials);
        *credentials = next; /* taken over */
    }
    return ok;
}

bool profile_load(const struct origin *origin, const struct profile_wanted *wanted,
                  const struct runtime *runtime, struct credentials *credentials,
                  struct error *err)
{
    struct profile_files files = {0};
    struct profile_plan plan = {0};
    bool ok =
        profile_files_load(&files, err) && profile_plan_make(&files, wanted, &plan, err);
    bool is_found = ok && plan.kind != PROFILE_NOTHING;
    if (is_found) {
        ok = carry_out(&plan, origin, runtime, credentials, err) ||
             error_context(err, "profile %s", wanted->name);
    }
    bool is_its_own = plan.kind != PROFILE_WEB_IDENTITY || !wanted->with_environment;
    if (ok && is_found && is_its_own) {
        free(credentials->from);
        credentials->from = mem_format("profile %s", wanted->name);
    }
    profile_files_clear(&files);
    return ok;
}
