#include "aws/sts.h"

#include "aws/client.h"
#include "aws/origin.h"
#include "aws/partition.h"
#include "aws/secret_file.h"
#include "aws/xml.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_MAX = 1 << 18, /* a token of 64 KiB, percent-encoded */
    ANSWER_MAX = 1 << 18,
    TOKEN_MAX = 1 << 16,
    ARN_MAX = 2048,
    SESSION_MAX = 64,
    DURATION_MIN_S = 900,
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_+=,.@-";

const char *sts_arn_fault(const char *text)
{
    if (text != NULL && strstr(text, "{account}") != NULL) {
        return "{account} could not be filled in; the source has no account";
    }
    /* arn:aws-us-gov:iam::111122223333:role/path/name */
    const char *role = text == NULL ? NULL : strstr(text, ":iam::");
    if (role == NULL || strncmp(text, "arn:aws", 7) != 0 || strlen(text) > ARN_MAX) {
        return "must be like arn:aws:iam::111122223333:role/name";
    }
    role += strlen(":iam::");
    if (strspn(role, "0123456789") != 12 || strncmp(role + 12, ":role/", 6) != 0) {
        return "must be like arn:aws:iam::111122223333:role/name";
    }
    role += 12 + strlen(":role/");
    size_t size = strlen(role);
    bool is_named = size > 0 && role[0] != '/' && role[size - 1] != '/';
    for (; *role != '\0'; role++) {
        is_named = is_named && (*role == '/' || strchr(letters, *role) != NULL);
    }
    return is_named ? NULL : "must be like arn:aws:iam::111122223333:role/name";
}

const char *sts_session_fault(const char *text)
{
    size_t size = strlen(text);
    bool is_good = size >= 2 && size <= SESSION_MAX && strspn(text, letters) == size;
    return is_good ? NULL : "must be 2 to 64 of the characters [a-zA-Z0-9_+=,.@-]";
}

const char *sts_region(const char *configured, const char *region)
{
    const char *found = configured;
    found = found == NULL ? origin_variable("AWS_REGION") : found;
    found = found == NULL ? origin_variable("AWS_DEFAULT_REGION") : found;
    bool is_meant = configured != NULL;
    if (found == NULL || (!is_meant && partition_of(found) != partition_of(region))) {
        return region;
    }
    return found;
}

/* Takes the credentials out of an answer, and wipes it. */
static bool take(struct http_response *response, const struct sts_caller *caller,
                 struct credentials *credentials, struct error *err)
{
    static const struct credentials_names names = {"AccessKeyId", "SecretAccessKey",
                                                   "SessionToken", true};
    json_t *answer = NULL;
    bool ok = xml_read(buf_bytes(&response->body), &answer, err);
    if (ok) {
        void *iter = json_object_iter(answer); /* <AssumeRole...Response> */
        json_t *at = json_object_iter_value(iter);
        iter = json_object_iter(at); /* <AssumeRole...Result>, beside ResponseMetadata */
        while (iter != NULL &&
               json_object_get(json_object_iter_value(iter), "Credentials") == NULL) {
            iter = json_object_iter_next(at, iter);
        }
        int64_t now_ms = response->date_ms != 0
                             ? response->date_ms
                             : caller->runtime->now_ms(caller->runtime->context);
        ok =
            credentials_read(json_object_get(json_object_iter_value(iter), "Credentials"),
                             &names, now_ms, credentials, err);
        const char *arn = xml_text(json_object_iter_value(iter), "Arn");
        credentials->arn = arn == NULL ? NULL : mem_dup(arn); /* of AssumedRoleUser */
    }
    credentials_wipe_json(answer);
    if (response->body.size > 0) {
        OPENSSL_cleanse(response->body.data, response->body.size);
    }
    return ok || error_context(err, "the answer of STS");
}

static bool ask(const struct sts_caller *caller, const struct client_call *call,
                struct credentials *credentials, struct fault *fault, struct error *err)
{
    struct client client = {.runtime = caller->runtime,
                            .service = "sts",
                            .region = mem_dup(caller->place.region),
                            .identity = call->is_unsigned ? NULL : caller->identity};
    struct http_response response = {0};
    if (caller->credentials != NULL && client.identity == NULL) {
        credentials_copy(caller->credentials, &client.credentials);
    }
    bool ok = client_open_as(&client, caller->place.endpoint, caller->place.ca_file, err);
    if (ok) {
        ok = client_send(&client, call, &response, fault, err) ||
             error_context(err, "STS in %s", caller->place.region);
        ok = ok && take(&response, caller, credentials, err);
    }
    http_response_clear(&response);
    client_clear(&client);
    return ok;
}

static void write_role(struct buf *body, const char *action, const struct sts_role *role)
{
    client_add_parameter(body, "Action", action);
    client_add_parameter(body, "Version", "2011-06-15");
    client_add_parameter(body, "RoleArn", role->arn);
    client_add_parameter(body, "RoleSessionName", role->session_name);
    if (role->duration_s != 0) {
        char *seconds = mem_format("%d", role->duration_s);
        client_add_parameter(body, "DurationSeconds", seconds);
        free(seconds);
    }
}

static bool check(const struct sts_role *role, struct error *err)
{
    const char *fault = sts_arn_fault(role->arn);
    if (fault != NULL) {
        return error_set(err, ERROR_CONFIG, "the ARN of a role %s", fault);
    }
    fault = sts_session_fault(role->session_name);
    if (fault != NULL) {
        return error_set(err, ERROR_CONFIG, "the name of a role's session %s", fault);
    }
    return role->duration_s == 0 || role->duration_s >= DURATION_MIN_S ||
           error_set(err, ERROR_CONFIG, "a role's session lasts %d seconds or more",
                     DURATION_MIN_S);
}

/* What to do about refusals that only STS has. Always false. */
static bool explain(const struct fault *fault, const char *token_file, struct error *err)
{
    if (strcmp(fault->code, "RegionDisabledException") == 0) {
        return error_set(err, ERROR_CONFIG,
                         "%s: STS is not active there for this account; set sts_region "
                         "to another region",
                         fault->code);
    }
    if (token_file == NULL) {
        return false;
    }
    if (strcmp(fault->code, "InvalidIdentityToken") == 0) {
        return error_set(err, ERROR_DENIED,
                         "%s: AWS does not take the token in %s; check that the account "
                         "has the cluster's OIDC provider and the token its audience",
                         fault->code, token_file);
    }
    if (fault->kind == FAULT_EXPIRED) {
        return error_set(err, ERROR_DENIED,
                         "%s: the token in %s is over; see that it is still renewed",
                         fault->code, token_file);
    }
    return false;
}

bool sts_assume(const struct sts_caller *caller, const struct sts_role *role,
                struct credentials *credentials, struct error *err)
{
    struct fault fault = {0};
    struct buf body;
    if (!check(role, err)) {
        return false;
    }
    buf_init(&body, BODY_MAX);
    write_role(&body, "AssumeRole", role);
    if (role->external_id != NULL) {
        client_add_parameter(&body, "ExternalId", role->external_id);
    }
    const struct client_call call = {
        .action = "sts:AssumeRole",
        .remedy =
            role->external_id == NULL
                ? "allow it in its IAM policy and in the role's trust policy, which "
                  "may ask for an external_id"
                : "allow it in its IAM policy and in the role's trust policy, whose "
                  "external id must be the same",
        .body = buf_bytes(&body),
        .limit = ANSWER_MAX,
    };
    credentials_clear(credentials);
    bool ok = ask(caller, &call, credentials, &fault, err);
    buf_clear(&body);
    if (!ok) {
        explain(&fault, NULL, err);
        return error_context(err, "role %s", role->arn);
    }
    credentials->from = mem_format("role %s", role->arn);
    return true;
}

bool sts_assume_with_token(const struct sts_caller *caller, const struct sts_role *role,
                           const char *token_file, struct credentials *credentials,
                           struct error *err)
{
    struct fault fault = {0};
    struct secret token = {0};
    struct buf body;
    if (!check(role, err) || !secret_file_read(token_file, TOKEN_MAX, &token, err)) {
        return false;
    }
    buf_init(&body, BODY_MAX);
    write_role(&body, "AssumeRoleWithWebIdentity", role);
    client_add_parameter(&body, "WebIdentityToken", secret_reveal(&token));
    secret_clear(&token);
    const struct client_call call = {
        .action = "sts:AssumeRoleWithWebIdentity",
        .remedy = "allow it in the role's trust policy, for this service account",
        .body = buf_bytes(&body),
        .limit = ANSWER_MAX,
        .is_unsigned = true,
    };
    credentials_clear(credentials);
    bool ok = ask(caller, &call, credentials, &fault, err);
    OPENSSL_cleanse(body.data, body.size);
    buf_clear(&body);
    if (!ok) {
        explain(&fault, token_file, err);
        return error_context(err, "role %s", role->arn);
    }
    credentials->from = mem_format("web identity as role %s", role->arn);
    return true;
}
