#include "sinks/post_options.h"

#include "base/mem.h"
#include "base/object.h"
#include "sinks/credential.h"
#include "sinks/post_dialect.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static char *dup_of(const json_t *settings, const char *key)
{
    const char *text = object_text(settings, key);
    return text == NULL ? NULL : mem_dup(text);
}

/* Where a credential may stand: in the configuration or in a file of its own. */
static const struct place {
    enum post_auth auth;
    const char *text_key;
    const char *file_key;
} places[] = {
    {POST_AUTH_API_KEY, "api_key", "api_key_file"},
    {POST_AUTH_BEARER, "bearer_token", "bearer_token_file"},
    {POST_AUTH_BASIC, "password", "password_file"},
    {POST_AUTH_API_KEY, "token", "token_file"},
};
enum { PLACES = sizeof(places) / sizeof(places[0]) };

static void read_credential(const json_t *settings, struct post_options *options)
{
    for (size_t i = 0; i < PLACES; i++) {
        const char *text = object_text(settings, places[i].text_key);
        const char *file = object_text(settings, places[i].file_key);
        if (text == NULL && file == NULL) {
            continue;
        }
        options->auth = places[i].auth;
        options->auth_key = file == NULL ? places[i].text_key : places[i].file_key;
        options->credential = credential_new(text, file);
        options->credential_file = file == NULL ? NULL : mem_dup(file);
    }
    options->auth_header = mem_dup("Authorization");
    options->username = dup_of(settings, "username");
}

/* url and the dialect's path behind it, with one slash between. */
static char *whole_url(const char *url, const char *path)
{
    size_t size = strlen(url);
    while (path != NULL && size > 0 && url[size - 1] == '/') {
        size--;
    }
    return mem_format("%.*s%s", (int)size, url, path == NULL ? "" : path);
}

struct post_options *post_options_new(const json_t *settings,
                                      const struct post_dialect *dialect)
{
    struct post_options *options = mem_new(1, sizeof(*options));
    *options = (struct post_options){
        .dialect = dialect,
        .url = whole_url(object_text(settings, "url"), dialect->path),
        .is_gzip = json_is_true(json_object_get(settings, "gzip")),
        .body_max =
            (size_t)json_integer_value(json_object_get(settings, "max_body_size")),
        .timeout_ms = json_integer_value(json_object_get(settings, "timeout")),
        .content_type = mem_dup(dialect->content_type),
        .headers = json_incref(json_object_get(settings, "headers")),
        .ca_file = dup_of(settings, "ca_file"),
        .cert_file = dup_of(settings, "client_cert"),
        .key_file = dup_of(settings, "client_key"),
        .proxy = dup_of(settings, "proxy"),
    };
    read_credential(settings, options);
    const char *user = object_text(settings, "proxy_username");
    if (user != NULL) {
        char *login = mem_format("%s:%s", user, object_text(settings, "proxy_password"));
        secret_set(&options->proxy_login, login);
        OPENSSL_cleanse(login, strlen(login));
        free(login);
    }
    return options;
}

void post_options_free(struct post_options *options)
{
    if (options == NULL) {
        return;
    }
    credential_free(options->credential);
    secret_clear(&options->proxy_login);
    json_decref(options->headers);
    if (options->dialect->free_own != NULL && options->own != NULL) {
        options->dialect->free_own(options->own);
    }
    free(options->url);
    free(options->content_type);
    free(options->auth_header);
    free(options->username);
    free(options->credential_file);
    free(options->ca_file);
    free(options->cert_file);
    free(options->key_file);
    free(options->proxy);
    free(options);
}
