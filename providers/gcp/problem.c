#include "gcp/problem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 16 };

static void take_text(const json_t *object, const char *key, char text[PROBLEM_TEXT_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-/:";
    const char *value = json_string_value(json_object_get(object, key));
    size_t size = value == NULL ? 0 : strlen(value);
    if (size > 0 && size < PROBLEM_TEXT_SIZE && strspn(value, letters) == size) {
        memcpy(text, value, size + 1);
    }
}

static bool is_error_info(const json_t *detail)
{
    const char *type = json_string_value(json_object_get(detail, "@type"));
    return type != NULL && strcmp(type, "type.googleapis.com/google.rpc.ErrorInfo") == 0;
}

static void take_error_info(const json_t *detail, struct problem *problem)
{
    const json_t *metadata = json_object_get(detail, "metadata");
    char value[PROBLEM_TEXT_SIZE] = "";
    take_text(detail, "reason", problem->reason);
    take_text(metadata, "service", problem->service);
    take_text(metadata, "consumer", problem->consumer);
    take_text(metadata, "permission", problem->permission);
    take_text(metadata, "quota_limit_value", value);
    if (strspn(value, "0123456789") == strlen(value) && strlen(value) < 10) {
        problem->quota_a_minute = strtoll(value, NULL, 10);
    }
}

void problem_read(const struct http_response *response, struct problem *problem)
{
    *problem = (struct problem){0};
    if (response->body.size == 0 || response->body.size > BODY_MAX) {
        return;
    }
    json_t *body =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const json_t *error = json_object_get(body, "error");
    take_text(error, "status", problem->status);
    size_t i = 0;
    json_t *detail = NULL;
    json_array_foreach(json_object_get(error, "details"), i, detail)
    {
        if (is_error_info(detail)) {
            take_error_info(detail, problem);
        }
    }
    json_decref(body);
}

bool problem_exhausted(const struct problem *problem, struct error *err)
{
    char quota[64] = "";
    if (problem->quota_a_minute > 0) {
        snprintf(quota, sizeof(quota), ", %lld a minute,",
                 (long long)problem->quota_a_minute);
    }
    return error_context(
        err,
        "the quota of %s for reads%s is used up, by this program or by others: nothing "
        "is "
        "lost, it is read later; ask Google for more, or set quota_project to another "
        "project",
        problem->consumer[0] == '\0' ? "the project that is charged" : problem->consumer,
        quota);
}

/* What is wrong with the project that pays, or with the token; not with rights. */
static const struct remedy {
    const char *reason;
    enum error_kind kind;
    const char *what;
} remedies[] = {
    {"SERVICE_DISABLED", ERROR_CONFIG,
     "the API is not enabled there; gcloud services enable SERVICE --project PROJECT"},
    {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", ERROR_DENIED,
     "the token has too narrow a scope; give the machine or node pool the scope "
     "cloud-platform"},
    {"USER_PROJECT_DENIED", ERROR_DENIED,
     "this identity may not charge the quota project; grant it "
     "roles/serviceusage.serviceUsageConsumer there"},
    {"CONSUMER_INVALID", ERROR_CONFIG,
     "the project that is charged does not exist or was deleted; correct the quota "
     "project"},
    {"CONSUMER_SUSPENDED", ERROR_DENIED, "the project that is charged is suspended"},
    {"BILLING_DISABLED", ERROR_DENIED,
     "the project that is charged has no billing account"},
};

static const struct remedy *find_remedy(const char *reason)
{
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (strcmp(remedies[i].reason, reason) == 0) {
            return &remedies[i];
        }
    }
    return NULL;
}

bool problem_is_of_names(const struct http_response *response)
{
    struct problem problem;
    problem_read(response, &problem);
    return (response->status == 403 || response->status == 404) &&
           problem.status[0] != '\0' && find_remedy(problem.reason) == NULL;
}

static bool refuse_named(const struct http_response *response,
                         const struct problem *problem, const char *denied,
                         struct error *err)
{
    switch (response->status) {
    case 401:
        return error_set(err, ERROR_DENIED,
                         "HTTP 401 %s: the token was refused, also after it was fetched "
                         "anew; check the credentials and this machine's clock",
                         problem->status);
    case 403:
        return error_set(err, ERROR_DENIED, "HTTP 403 %s%s%s: %s", problem->status,
                         problem->permission[0] == '\0' ? "" : " ", problem->permission,
                         denied);
    case 404:
        return error_set(err, ERROR_DENIED,
                         "HTTP 404 %s: a project, folder or view of this set does not "
                         "exist or was deleted; %s",
                         problem->status, denied);
    default:
        return error_set(err, ERROR_CONFIG, "HTTP %d %s %s", response->status,
                         problem->status, problem->reason);
    }
}

bool problem_refuse(const struct http_response *response, const char *denied,
                    struct error *err)
{
    struct problem problem;
    problem_read(response, &problem);
    const struct remedy *remedy = find_remedy(problem.reason);
    if (problem.status[0] == '\0') {
        /* No Google API answers so; something between us does. */
        return error_set(err, ERROR_UNREACHABLE,
                         "HTTP %d without a Google error: something between us and "
                         "Google answered",
                         response->status);
    }
    if (remedy != NULL) {
        return error_set(err, remedy->kind, "HTTP %d %s (%s, %s): %s", response->status,
                         problem.reason, problem.service, problem.consumer, remedy->what);
    }
    return refuse_named(response, &problem, denied, err);
}
