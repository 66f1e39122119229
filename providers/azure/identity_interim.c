/*
 * One client secret and nothing more, until identity.c is here: then this file goes.
 *
 *   POST {authority}/{tenant}/oauth2/v2.0/token
 *   client_id=...&scope={audience}/.default&grant_type=client_credentials&client_secret=...
 */
#include "azure/form.h"
#include "azure/identity.h"
#include "base/mem.h"
#include "net/http.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { FORM_MAX = 8192, ANSWER_MAX = 1 << 16 };

const struct setting identity_settings[] = {
    {.name = "tenant_id",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9.-",
     .help = "The directory's id; else AZURE_TENANT_ID."},
    {.name = "authority", .type = SETTING_URL, .help = "Another address of Entra ID."},
    {.name = "client_id",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9-",
     .help = "The application's id; else AZURE_CLIENT_ID."},
    {.name = "client_secret",
     .type = SETTING_SECRET,
     .help = "The application's secret; else AZURE_CLIENT_SECRET."},
    {.type = SETTING_END},
};

struct identity {
    const json_t *settings;
    char *url;
    struct secret tokens[2];
    char *audiences[2];
};

static const char *find(const json_t *settings, const char *name, const char *variable)
{
    const char *text = json_string_value(json_object_get(settings, name));
    return text == NULL ? getenv(variable) : text;
}

bool identity_new(const json_t *settings, struct identity **identity, struct error *err)
{
    const char *authority = find(settings, "authority", "AZURE_AUTHORITY_HOST");
    const char *tenant = find(settings, "tenant_id", "AZURE_TENANT_ID");
    if (tenant == NULL || find(settings, "client_id", "AZURE_CLIENT_ID") == NULL ||
        find(settings, "client_secret", "AZURE_CLIENT_SECRET") == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "tenant_id, client_id and client_secret must be set, here or as "
                         "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET");
    }
    struct identity *made = mem_new(1, sizeof(*made));
    made->settings = settings;
    made->url = mem_format(
        "%s/%s/oauth2/v2.0/token",
        authority == NULL ? "https://login.microsoftonline.com" : authority, tenant);
    *identity = made;
    return true;
}

void identity_free(struct identity *identity)
{
    for (size_t i = 0; identity != NULL && i < 2; i++) {
        secret_clear(&identity->tokens[i]);
        free(identity->audiences[i]);
    }
    free(identity == NULL ? NULL : identity->url);
    free(identity);
}

static bool fetch(const struct identity *identity, const struct runtime *runtime,
                  const char *audience, struct secret *token, struct error *err)
{
    char *scope = mem_format("%s/.default", audience);
    struct buf form;
    buf_init(&form, FORM_MAX);
    form_add(&form, "client_id",
             find(identity->settings, "client_id", "AZURE_CLIENT_ID"));
    form_add(&form, "scope", scope);
    form_add(&form, "grant_type", "client_credentials");
    form_add(&form, "client_secret",
             find(identity->settings, "client_secret", "AZURE_CLIENT_SECRET"));
    free(scope);
    static const struct http_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"}};
    const struct http_request request = {
        .method = "POST",
        .url = identity->url,
        .headers = headers,
        .header_count = 1,
        .body = buf_bytes(&form),
        .limit = ANSWER_MAX,
        .ca_file = json_string_value(json_object_get(identity->settings, "ca_file")),
    };
    struct http_response response = {0};
    bool ok = runtime->http(runtime->context, &request, &response, err);
    json_t *body =
        !ok ? NULL
            : json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
    const char *text = json_string_value(json_object_get(body, "access_token"));
    if (ok && text == NULL) {
        ok = error_set(err, ERROR_DENIED, "Entra ID refused the client secret: HTTP %d",
                       response.status);
    }
    secret_set(token, ok ? text : "");
    json_decref(body);
    http_response_clear(&response);
    OPENSSL_cleanse(form.data, form.size);
    buf_clear(&form);
    return ok;
}

bool identity_token(struct identity *identity, const struct runtime *runtime,
                    const char *audience, bool refresh, struct secret *token,
                    struct error *err)
{
    size_t i =
        identity->audiences[0] == NULL || strcmp(identity->audiences[0], audience) == 0
            ? 0
            : 1;
    if (identity->audiences[i] == NULL) {
        identity->audiences[i] = mem_dup(audience);
    }
    if ((refresh || !secret_is_set(&identity->tokens[i])) &&
        !fetch(identity, runtime, audience, &identity->tokens[i], err)) {
        return false;
    }
    secret_set(token, secret_reveal(&identity->tokens[i]));
    return true;
}

const char *identity_name(const struct identity *identity)
{
    (void)identity;
    return "client secret";
}
