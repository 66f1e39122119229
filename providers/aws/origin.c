#include "aws/origin.h"

#include "base/mem.h"

#include <stdlib.h>

const char *origin_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

enum found { FOUND_NOTHING, FOUND_CREDENTIALS, FOUND_ERROR };

static enum found load_environment(struct credentials *credentials, struct error *err)
{
    const char *id = origin_variable("AWS_ACCESS_KEY_ID");
    const char *key = origin_variable("AWS_SECRET_ACCESS_KEY");
    const char *token = origin_variable("AWS_SESSION_TOKEN");
    if (id == NULL && key == NULL && token == NULL) {
        return FOUND_NOTHING;
    }
    if (id == NULL || key == NULL) {
        error_set(err, ERROR_CONFIG,
                  "AWS credentials in the environment: %s is missing; set it, or unset "
                  "the others",
                  id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
        return FOUND_ERROR;
    }
    secret_set(&credentials->access_key_id, id);
    secret_set(&credentials->secret_access_key, key);
    if (token != NULL) {
        secret_set(&credentials->session_token, token);
    }
    credentials->from = mem_dup("environment");
    return FOUND_CREDENTIALS;
}

bool origin_load(const struct origin *origin, const struct runtime *runtime,
                 struct credentials *credentials, struct error *err)
{
    (void)origin;
    (void)runtime;
    credentials_clear(credentials);
    enum found found = load_environment(credentials, err);
    if (found != FOUND_NOTHING) {
        return found == FOUND_CREDENTIALS;
    }
    return error_set(err, ERROR_CONFIG,
                     "no AWS credentials: set AWS_ACCESS_KEY_ID and "
                     "AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones)");
}
