#include "aws/profile_plan.h"

#include "aws/origin.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { DURATION_MAX_S = 43200 };

/* The walk from a profile to its sources. */
struct planner {
    const struct profile_files *files;
    const struct profile_wanted *wanted;
    struct profile_plan *plan;
    const char *visited[PROFILE_ROLES_MAX + 1];
    size_t visited_count;
};

static const char *const circle = "source_profile leads back here";

static const struct profile_value *find(const struct planner *planner,
                                        const char *profile, const char *key)
{
    return profile_files_find(planner->files, profile, key, PROFILE_ANYWHERE);
}

/* "profile audit: /root/.aws/config:12: why" */
static bool refuse(const struct planner *planner, const char *profile,
                   const struct profile_value *at, const char *why, struct error *err)
{
    if (at == NULL) {
        at = find(planner, profile, "");
    }
    if (at == NULL) {
        return error_set(err, ERROR_CONFIG, "profile %s: %s", profile, why);
    }
    return error_set(err, ERROR_CONFIG, "profile %s: %s:%d: %s", profile,
                     profile_files_name(planner->files, at), at->line, why);
}

/* One value as text; *text is NULL when there is none. False: it is no single value. */
static bool take(const struct planner *planner, const char *profile, const char *key,
                 const char **text, struct error *err)
{
    const struct profile_value *at = find(planner, profile, key);
    *text = at == NULL ? NULL : secret_reveal(&at->value);
    if (at != NULL && (at->goes_on || (*text)[0] == '\0')) {
        char *why = mem_format("%s must have a value, in one line", key);
        refuse(planner, profile, at, why, err);
        free(why);
        return false;
    }
    return true;
}

static bool has_keys(const struct planner *planner, const char *profile)
{
    return find(planner, profile, "aws_access_key_id") != NULL ||
           find(planner, profile, "aws_secret_access_key") != NULL;
}

static bool take_duration(const struct planner *planner, const char *profile,
                          struct profile_role *role, struct error *err)
{
    const char *text = NULL;
    if (!take(planner, profile, "duration_seconds", &text, err)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    char *end = NULL;
    long seconds = strtol(text, &end, 10);
    if (*end != '\0' || seconds < 900 || seconds > DURATION_MAX_S) {
        return refuse(planner, profile, find(planner, profile, "duration_seconds"),
                      "duration_seconds must be a number from 900 to 43200", err);
    }
    role->duration_s = (int)seconds;
    return true;
}

static bool take_role(const struct planner *planner, const char *profile,
                      struct profile_role *role, struct error *err)
{
    const struct profile_value *mfa = find(planner, profile, "mfa_serial");
    if (mfa != NULL) {
        return refuse(planner, profile, mfa,
                      "mfa_serial: nobody is there to type a code; use a role that does "
                      "not ask for MFA",
                      err);
    }
    return take(planner, profile, "role_arn", &role->arn, err) &&
           take(planner, profile, "external_id", &role->external_id, err) &&
           take(planner, profile, "role_session_name", &role->session_name, err) &&
           take_duration(planner, profile, role, err);
}

static bool take_credential_source(struct planner *planner, const char *profile,
                                   const char *source, struct error *err)
{
    static const struct {
        const char *name;
        enum profile_kind kind;
    } known[] = {{"Environment", PROFILE_ENVIRONMENT},
                 {"EcsContainer", PROFILE_CONTAINER},
                 {"Ec2InstanceMetadata", PROFILE_INSTANCE}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].name, source) == 0) {
            planner->plan->kind = known[i].kind;
            return true;
        }
    }
    return refuse(planner, profile, find(planner, profile, "credential_source"),
                  "credential_source must be Environment, EcsContainer or "
                  "Ec2InstanceMetadata",
                  err);
}

static bool was_visited(const struct planner *planner, const char *profile)
{
    for (size_t i = 0; i < planner->visited_count; i++) {
        if (strcmp(planner->visited[i], profile) == 0) {
            return true;
        }
    }
    return false;
}

/* A profile may be its own source when it has keys, which its role then needs. */
static bool check_source(const struct planner *planner, const char *profile,
                         const char *source, struct error *err)
{
    const struct profile_value *at = find(planner, profile, "source_profile");
    bool is_own = strcmp(profile, source) == 0 && has_keys(planner, profile);
    if (find(planner, source, "") == NULL) {
        char *why = mem_format("source_profile %s does not exist", source);
        refuse(planner, profile, at, why, err);
        free(why);
        return false;
    }
    return !was_visited(planner, source) || is_own ||
           refuse(planner, profile, at, circle, err);
}

/* A role, and in *next the profile with whose credentials it is assumed, or NULL. */
static bool plan_role(struct planner *planner, const char *profile, const char **next,
                      struct error *err)
{
    struct profile_plan *plan = planner->plan;
    const char *source = NULL;
    if (plan->role_count == PROFILE_ROLES_MAX) {
        return refuse(planner, profile, NULL, "it is the ninth role of a chain", err);
    }
    if (!take_role(planner, profile, &plan->roles[plan->role_count++], err) ||
        !take(planner, profile, "source_profile", next, err) ||
        !take(planner, profile, "credential_source", &source, err)) {
        return false;
    }
    if ((*next == NULL) == (source == NULL)) {
        return refuse(planner, profile, find(planner, profile, "role_arn"),
                      source == NULL
                          ? "role_arn needs source_profile or credential_source"
                          : "source_profile and credential_source exclude each other",
                      err);
    }
    return source != NULL ? take_credential_source(planner, profile, source, err)
                          : check_source(planner, profile, *next, err);
}

static const char *environment(const struct planner *planner, bool is_first,
                               const char *name)
{
    return is_first && planner->wanted->with_environment ? origin_variable(name) : NULL;
}

static bool plan_web_identity(struct planner *planner, const char *profile, bool is_first,
                              struct error *err)
{
    struct profile_plan *plan = planner->plan;
    struct profile_role *role = &plan->web_role;
    const char *file = environment(planner, is_first, "AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *arn = environment(planner, is_first, "AWS_ROLE_ARN");
    const char *session = environment(planner, is_first, "AWS_ROLE_SESSION_NAME");
    bool is_in_environment = file != NULL;
    if (file == NULL && !take(planner, profile, "web_identity_token_file", &file, err)) {
        return false;
    }
    if (file == NULL) {
        return true;
    }
    if ((arn == NULL && !take(planner, profile, "role_arn", &arn, err)) ||
        (session == NULL &&
         !take(planner, profile, "role_session_name", &session, err))) {
        return false;
    }
    if (arn == NULL && is_in_environment) {
        return error_set(
            err, ERROR_CONFIG,
            "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is missing; "
            "set it, or unset both");
    }
    if (arn == NULL) {
        return refuse(planner, profile, find(planner, profile, "web_identity_token_file"),
                      "web_identity_token_file needs role_arn", err);
    }
    plan->kind = PROFILE_WEB_IDENTITY;
    plan->token_file = file;
    role->arn = arn;
    role->session_name = session;
    return true;
}

static bool plan_keys(struct planner *planner, const char *profile,
                      enum profile_where where, struct error *err)
{
    const struct profile_files *files = planner->files;
    const struct profile_value *id =
        profile_files_find(files, profile, "aws_access_key_id", where);
    const struct profile_value *key =
        profile_files_find(files, profile, "aws_secret_access_key", where);
    const struct profile_value *token =
        profile_files_find(files, profile, "aws_session_token", where);
    if (token == NULL) {
        token = profile_files_find(files, profile, "aws_security_token", where);
    }
    if (id == NULL && key == NULL) {
        return true;
    }
    const struct profile_value *parts[] = {id, key};
    for (size_t i = 0; i < 2; i++) {
        if (parts[i] == NULL || parts[i]->goes_on || !secret_is_set(&parts[i]->value)) {
            return refuse(planner, profile, id == NULL ? key : id,
                          i == 0 ? "aws_access_key_id is missing beside "
                                   "aws_secret_access_key, in the same file"
                                 : "aws_secret_access_key is missing beside "
                                   "aws_access_key_id, in the same file",
                          err);
        }
    }
    planner->plan->kind = PROFILE_KEYS;
    planner->plan->access_key_id = &id->value;
    planner->plan->secret_access_key = &key->value;
    planner->plan->session_token = token == NULL ? NULL : &token->value;
    return true;
}

static bool plan_process(struct planner *planner, const char *profile, struct error *err)
{
    const char *line = NULL;
    bool ok = take(planner, profile, "credential_process", &line, err);
    if (ok && line != NULL) {
        planner->plan->kind = PROFILE_PROCESS;
        planner->plan->process = line;
    }
    return ok;
}

static bool refuse_sign_in(const struct planner *planner, const char *profile,
                           struct error *err)
{
    static const char *const keys[] = {"sso_session", "sso_start_url", "sso_account_id",
                                       "sso_role_name", "login_session"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct profile_value *at = find(planner, profile, keys[i]);
        if (at != NULL) {
            return refuse(planner, profile, at,
                          "needs a person to sign in; use a role for programs "
                          "(web identity, instance role or role_arn), or "
                          "credential_process = aws configure export-credentials",
                          err);
        }
    }
    return true;
}

/* Everything but a role, in botocore's order. */
static bool plan_own(struct planner *planner, const char *profile, bool is_first,
                     struct error *err)
{
    const struct profile_plan *plan = planner->plan;
    if (!plan_web_identity(planner, profile, is_first, err)) {
        return false;
    }
    if (plan->kind != PROFILE_NOTHING) {
        return true;
    }
    if (!refuse_sign_in(planner, profile, err) ||
        !plan_keys(planner, profile, PROFILE_IN_CREDENTIALS, err)) {
        return false;
    }
    if (plan->kind != PROFILE_NOTHING) {
        return true;
    }
    if (!plan_process(planner, profile, err)) {
        return false;
    }
    return plan->kind != PROFILE_NOTHING ||
           plan_keys(planner, profile, PROFILE_IN_CONFIG, err);
}

/* The first role to assume was found last. */
static void turn_round(struct profile_plan *plan)
{
    for (size_t i = 0; i < plan->role_count / 2; i++) {
        struct profile_role other = plan->roles[i];
        plan->roles[i] = plan->roles[plan->role_count - 1 - i];
        plan->roles[plan->role_count - 1 - i] = other;
    }
}

static bool walk(struct planner *planner, struct error *err)
{
    const char *profile = planner->wanted->name;
    bool is_first = true;
    for (;;) {
        bool is_role = find(planner, profile, "role_arn") != NULL &&
                       find(planner, profile, "web_identity_token_file") == NULL &&
                       (is_first || !has_keys(planner, profile));
        if (!is_role) {
            break;
        }
        const char *next = NULL;
        planner->visited[planner->visited_count++] = profile;
        if (!plan_role(planner, profile, &next, err)) {
            return false;
        }
        if (next == NULL) {
            return true; /* credential_source */
        }
        profile = next;
        is_first = false;
    }
    if (!plan_own(planner, profile, is_first, err)) {
        return false;
    }
    return is_first || planner->plan->kind != PROFILE_NOTHING ||
           refuse(planner, profile, NULL,
                  "a source_profile must have credentials, and this has none", err);
}

bool profile_plan_make(const struct profile_files *files,
                       const struct profile_wanted *wanted, struct profile_plan *plan,
                       struct error *err)
{
    struct planner planner = {.files = files, .wanted = wanted, .plan = plan};
    *plan = (struct profile_plan){.kind = PROFILE_NOTHING};
    if (wanted->must_exist &&
        profile_files_find(files, wanted->name, "", PROFILE_ANYWHERE) == NULL) {
        return error_set(
            err, ERROR_CONFIG, "profile %s: it is neither in %s nor in %s", wanted->name,
            files->config == NULL ? "~/.aws/config" : files->config,
            files->credentials == NULL ? "~/.aws/credentials" : files->credentials);
    }
    bool ok = walk(&planner, err);
    turn_round(plan);
    return ok;
}
