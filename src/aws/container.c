#include "aws/container.h"

#include "aws/metadata.h"
#include "aws/origin.h"
#include "aws/secret_file.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>

#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

enum {
    TOKEN_MAX = 1 << 14,
    TIMEOUT_MS = 2 * MS_PER_SECOND, /* as botocore's, and its three tries */
    DEADLINE_MS = 10 * MS_PER_SECOND,
};

bool container_is_configured(void)
{
    return origin_variable(FULL) != NULL || origin_variable(RELATIVE) != NULL;
}

/* botocore's order: the relative one wins. The caller frees. */
static char *find_url(const char **variable, struct error *err)
{
    const char *relative = origin_variable(RELATIVE);
    const char *full = origin_variable(FULL);
    *variable = relative != NULL ? RELATIVE : FULL;
    if (relative == NULL && full == NULL) {
        error_set(err, ERROR_CONFIG,
                  "no container credentials: neither " RELATIVE " nor " FULL
                  " is set; run in an ECS task or with EKS Pod Identity");
        return NULL;
    }
    if (relative == NULL) {
        return mem_dup(full);
    }
    if (relative[0] != '/') {
        error_set(err, ERROR_CONFIG, RELATIVE ": must begin with a slash");
        return NULL;
    }
    return mem_format("http://169.254.170.2%s", relative);
}

/* The file wins; it is read each time, as its token is changed under us. */
static bool find_token(struct secret *token, struct error *err)
{
    const char *file = origin_variable(TOKEN_FILE);
    const char *value = origin_variable(TOKEN);
    if (file != NULL) {
        return secret_file_read(file, TOKEN_MAX, token, err) ||
               error_context(err, TOKEN_FILE);
    }
    if (value != NULL) {
        secret_set(token, value);
    }
    return true;
}

static bool judge(int status, const char *variable, struct error *err)
{
    if (status == 200) {
        return true;
    }
    if (status == 400 || status == 401 || status == 403) {
        return error_set(err, ERROR_DENIED,
                         "%s: HTTP %d; check the pod's identity association or the "
                         "task's role, and " TOKEN_FILE,
                         variable, status);
    }
    return error_set(err, ERROR_UNREACHABLE, "%s: HTTP %d", variable, status);
}

bool container_load(const struct runtime *runtime, struct credentials *credentials,
                    struct error *err)
{
    const char *variable = NULL;
    struct secret token = {0};
    struct http_response response = {0};
    char *url = find_url(&variable, err);
    bool ok = url != NULL && find_token(&token, err);
    if (ok) {
        const struct metadata_request request = {
            .method = "GET",
            .url = url,
            .header = "Authorization",
            .token = secret_is_set(&token) ? &token : NULL,
            .open = {{"Accept", "application/json"}},
            .timeout_ms = TIMEOUT_MS,
            .deadline_ms = DEADLINE_MS,
        };
        ok = metadata_send(runtime, &request, &response, err) ||
             error_context(err, "%s", variable);
    }
    ok = ok && judge(response.status, variable, err);
    if (ok) {
        ok = metadata_read(runtime, &response, credentials, err) ||
             error_context(err, "the answer of %s", variable);
        credentials->from = mem_format("container (%s)", variable);
    }
    metadata_clear(&response);
    secret_clear(&token);
    free(url);
    return ok;
}
