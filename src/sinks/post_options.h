/*
 * How events are posted to a platform over HTTP: where to, in what body, with which
 * credential.
 */
#ifndef SINKS_POST_OPTIONS_H
#define SINKS_POST_OPTIONS_H

#include "base/secret.h"
#include "provider.h"

struct credential;
struct post_dialect;

enum post_auth { POST_AUTH_NONE, POST_AUTH_API_KEY, POST_AUTH_BEARER, POST_AUTH_BASIC };

struct post_options {
    const struct post_dialect *dialect;
    void *own; /* what the dialect keeps beside; may be NULL */
    char *url; /* the dialect's path is part of it */
    bool is_gzip;
    size_t body_max; /* bytes of a body before it is compressed */
    int64_t timeout_ms;
    char *content_type;
    json_t *headers; /* texts by name, or NULL */
    enum post_auth auth;
    const char *auth_key; /* the setting that holds the credential, for errors */
    char *auth_header;    /* of an API key */
    char *username;       /* of basic authentication */
    struct credential *credential;
    char *credential_file;
    char *ca_file; /* these five NULL when not said */
    char *cert_file;
    char *key_file;
    char *proxy;
    struct secret proxy_login; /* "user:password" */
};

/*
 * Keys that sinks share, for sink_type.shared: where to and how large, which TLS and
 * proxy; and the credential, for those that take the usual kinds. Each ends with
 * SETTING_END.
 */
extern const struct setting post_transport_settings[];
extern const struct setting post_auth_settings[];
/* Both, and the first alone, with the NULL that ends them. */
extern const struct setting *const post_all_settings[];
extern const struct setting *const post_transport_only_settings[];

/* As sink_type.fault, for the keys that are shared. */
const char *post_options_fault(const json_t *settings, const char **key);
/* settings: checked and without fault. dialect is borrowed. */
struct post_options *post_options_new(const json_t *settings,
                                      const struct post_dialect *dialect);
void post_options_free(struct post_options *options);

#endif
