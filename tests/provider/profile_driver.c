/*
 * profile_driver [NAME]: what a profile is planned to be, as one line of JSON for
 * profile_botocore.py; or, with exit status 1, why it was refused. Without NAME: the
 * default profile, as the automatic search would take it.
 */
#include "aws/profile_plan.h"
#include "aws/program.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *role_of(const struct profile_role *role)
{
    return json_pack("{s:s, s:s*, s:s*, s:i}", "arn", role->arn, "external_id",
                     role->external_id, "session_name", role->session_name, "duration",
                     role->duration_s);
}

static json_t *plan_of(const struct profile_plan *plan)
{
    static const char *const kinds[] = {"nothing", "keys",        "web-identity",
                                        "process", "environment", "container",
                                        "instance"};
    json_t *out = json_pack("{s:s, s:[]}", "kind", kinds[plan->kind], "roles");
    if (plan->kind == PROFILE_KEYS) {
        json_object_set_new(out, "keys",
                            json_pack("[s, s, s*]", secret_reveal(plan->access_key_id),
                                      secret_reveal(plan->secret_access_key),
                                      plan->session_token == NULL
                                          ? NULL
                                          : secret_reveal(plan->session_token)));
    } else if (plan->kind == PROFILE_WEB_IDENTITY) {
        json_object_set_new(out, "token_file", json_string(plan->token_file));
        json_object_set_new(out, "web_role", role_of(&plan->web_role));
    } else if (plan->kind == PROFILE_PROCESS) {
        json_object_set_new(out, "argv", program_split(plan->process));
    }
    for (size_t i = 0; i < plan->role_count; i++) {
        json_array_append_new(json_object_get(out, "roles"), role_of(&plan->roles[i]));
    }
    return out;
}

int main(int argc, char **argv)
{
    struct profile_files files = {0};
    struct profile_plan plan = {0};
    struct error err = {0};
    const struct profile_wanted wanted = {.name = argc > 1 ? argv[1] : "default",
                                          .must_exist = argc > 1,
                                          .with_environment = argc == 1};
    int status = EXIT_FAILURE;
    if (profile_files_load(&files, &err) &&
        profile_plan_make(&files, &wanted, &plan, &err)) {
        json_t *out = plan_of(&plan);
        json_dumpf(out, stdout, JSON_COMPACT | JSON_SORT_KEYS);
        putchar('\n');
        json_decref(out);
        status = EXIT_SUCCESS;
    } else {
        fprintf(stderr, "%s\n", err.text);
    }
    profile_files_clear(&files);
    return status;
}
