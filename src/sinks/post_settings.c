/* What an operator may set for a sink that posts, and what cannot stand together. */
#include "base/timestamp.h"
#include "net/http.h"
#include "net/http_guard.h"
#include "sinks/post_options.h"

#include <string.h>
#include <strings.h>

/* A credential, a content type and an encoding join those of the file. */
enum { HEADERS_MAX = HTTP_HEADERS_MAX - 3 };

const struct setting post_transport_settings[] = {
    {.name = "url",
     .type = SETTING_URL,
     .is_required = true,
     .help = "where events are posted to"},
    {.name = "gzip",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help = "compresses bodies; the receiver must expect it"},
    {.name = "max_body_size",
     .type = SETTING_SIZE,
     .fallback = "4MiB",
     .min = 1 << 10,
     .max = 64 << 20,
     .help = "a larger batch is sent in several requests; before compression"},
    {.name = "timeout",
     .type = SETTING_DURATION,
     .fallback = "30s",
     .min = MS_PER_SECOND,
     .max = INT64_C(2) * MS_PER_MINUTE,
     .help = "how long one request may take"},
    {.name = "headers", .type = SETTING_MAP, .help = "more headers of every request"},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "PEM file of the authorities to trust instead of the system's"},
    {.name = "client_cert",
     .type = SETTING_PATH,
     .help = "PEM file of the certificate to show to the server"},
    {.name = "client_key",
     .type = SETTING_PATH,
     .help = "PEM file of its key, when it is not in client_cert"},
    {.name = "proxy",
     .type = SETTING_TEXT,
     .help = "an http or https URL; otherwise HTTPS_PROXY is obeyed"},
    {.name = "proxy_username", .type = SETTING_TEXT, .help = "for the proxy"},
    {.name = "proxy_password", .type = SETTING_SECRET, .help = "for the proxy"},
    {.type = SETTING_END},
};

const struct setting post_auth_settings[] = {
    {.name = "api_key", .type = SETTING_SECRET, .help = "a key of the platform"},
    {.name = "api_key_file",
     .type = SETTING_PATH,
     .help = "a file with the key, read again when it changes"},
    {.name = "bearer_token",
     .type = SETTING_SECRET,
     .help = "sent as Authorization: Bearer"},
    {.name = "bearer_token_file",
     .type = SETTING_PATH,
     .help = "a file with the token, read again when it changes"},
    {.name = "username", .type = SETTING_TEXT, .help = "for basic authentication"},
    {.name = "password", .type = SETTING_SECRET, .help = "for basic authentication"},
    {.name = "password_file",
     .type = SETTING_PATH,
     .help = "a file with the password, read again when it changes"},
    {.type = SETTING_END},
};

const struct setting *const post_all_settings[] = {post_transport_settings,
                                                   post_auth_settings, NULL};

const struct setting *const post_transport_only_settings[] = {post_transport_settings,
                                                              NULL};

/* Two keys that exclude or need each other. */
struct pair {
    const char *key;
    const char *other;
    const char *why; /* said of key */
};

static const struct pair exclusions[] = {
    {"api_key_file", "api_key", "cannot stand beside \"api_key\"; keep one of them"},
    {"bearer_token_file", "bearer_token",
     "cannot stand beside \"bearer_token\"; keep one of them"},
    {"password_file", "password", "cannot stand beside \"password\"; keep one of them"},
};

static const struct pair needs[] = {
    {"client_key", "client_cert", "needs \"client_cert\" too"},
    {"proxy_username", "proxy_password", "needs \"proxy_password\" too"},
    {"proxy_password", "proxy_username", "needs \"proxy_username\" too"},
    {"proxy_username", "proxy", "needs \"proxy\" too"},
};

static bool has(const json_t *settings, const char *key)
{
    return json_object_get(settings, key) != NULL;
}

static const char *pair_fault(const json_t *settings, const char **key)
{
    for (size_t i = 0; i < sizeof(exclusions) / sizeof(exclusions[0]); i++) {
        *key = exclusions[i].key;
        if (has(settings, *key) && has(settings, exclusions[i].other)) {
            return exclusions[i].why;
        }
    }
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        *key = needs[i].key;
        if (has(settings, *key) && !has(settings, needs[i].other)) {
            return needs[i].why;
        }
    }
    return NULL;
}

static const char *auth_fault(const json_t *settings, const char **key)
{
    bool has_key = has(settings, "api_key") || has(settings, "api_key_file");
    bool has_bearer = has(settings, "bearer_token") || has(settings, "bearer_token_file");
    bool has_password = has(settings, "password") || has(settings, "password_file");
    bool has_user = has(settings, "username");
    if (has_user != has_password) {
        *key = has_user                    ? "username"
               : has(settings, "password") ? "password"
                                           : "password_file";
        return has_user ? "needs \"password\" or \"password_file\" too"
                        : "needs \"username\" too";
    }
    if (has_key + has_bearer + has_user > 1) {
        *key = has_user                        ? "username"
               : has(settings, "bearer_token") ? "bearer_token"
                                               : "bearer_token_file";
        return "is a second credential; keep one of API key, bearer token and user name";
    }
    return NULL;
}

/* Headers that this program alone decides about. */
static bool is_own_header(const char *name)
{
    static const char *const own[] = {
        "content-length", "content-encoding", "content-type", "transfer-encoding",
        "host",           "connection",       "expect"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcasecmp(own[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *header_fault(const json_t *settings, const char **key)
{
    *key = "headers";
    const json_t *headers = json_object_get(settings, "headers");
    if (json_object_size(headers) > HEADERS_MAX) {
        return "holds more than 13 headers";
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)headers, name, value)
    {
        if (!http_guard_header(name, json_string_value(value), NULL)) {
            return "holds a name that no header may have";
        }
        if (is_own_header(name)) {
            return "may not set Host, Expect, Connection, Transfer-Encoding or "
                   "Content-...; see \"content_type\" and \"gzip\"";
        }
    }
    return NULL;
}

static const char *proxy_fault(const json_t *settings, const char **key)
{
    *key = "proxy";
    const char *proxy = json_string_value(json_object_get(settings, "proxy"));
    const char *url = json_string_value(json_object_get(settings, "url"));
    if (proxy == NULL) {
        return NULL;
    }
    if (strncasecmp(proxy, "http://", strlen("http://")) != 0 &&
        strncasecmp(proxy, "https://", strlen("https://")) != 0) {
        return "must be a URL such as http://proxy.example.com:3128";
    }
    if (strchr(proxy, '@') != NULL) {
        return "must not hold a user or password; use \"proxy_username\" and "
               "\"proxy_password\"";
    }
    if (url != NULL && strncasecmp(url, "https://", strlen("https://")) != 0) {
        return "would read what is sent to a plain http URL; use https";
    }
    return NULL;
}

const char *post_options_fault(const json_t *settings, const char **key)
{
    static const char *(*const checks[])(const json_t *, const char **) = {
        pair_fault, auth_fault, header_fault, proxy_fault};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const char *fault = checks[i](settings, key);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}
