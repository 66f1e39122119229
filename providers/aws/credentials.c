#include "aws/credentials.h"

#include <stddef.h>
#include <stdlib.h>

enum found { FOUND_NOTHING, FOUND_CREDENTIALS, FOUND_ERROR };

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static enum found load_environment(struct credentials *credentials, struct error *err)
{
    const char *id = variable("AWS_ACCESS_KEY_ID");
    const char *key = variable("AWS_SECRET_ACCESS_KEY");
    const char *token = variable("AWS_SESSION_TOKEN");
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
    credentials->from = "environment";
    return FOUND_CREDENTIALS;
}

/* In this order; the first that has anything, even broken, is the one meant. */
static enum found (*const sources[])(struct credentials *, struct error *) = {
    load_environment,
};

bool credentials_load(struct credentials *credentials, struct error *err)
{
    credentials_clear(credentials);
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        enum found found = sources[i](credentials, err);
        if (found != FOUND_NOTHING) {
            return found == FOUND_CREDENTIALS;
        }
    }
    return error_set(err, ERROR_CONFIG,
                     "no AWS credentials: set AWS_ACCESS_KEY_ID and "
                     "AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones)");
}

void credentials_clear(struct credentials *credentials)
{
    secret_clear(&credentials->access_key_id);
    secret_clear(&credentials->secret_access_key);
    secret_clear(&credentials->session_token);
    *credentials = (struct credentials){0};
}
