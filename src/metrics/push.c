#include "metrics/push.h"

#include "base/mem.h"
#include "base/object.h"
#include "net/basic.h"
#include "net/http.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 15 * 1000, ANSWER_MAX = 64 << 10 };

static const struct http_header headers[] = {
    {"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
};

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    (void)refresh;
    const json_t *settings = context;
    const char *password = object_text(settings, "pushgateway_password");
    char *encoded = basic_encode(object_text(settings, "pushgateway_username"),
                                 password == NULL ? "" : password);
    char *value = mem_format("Basic %s", encoded);
    bool ok = http_extra_add(extra, "Authorization", value, err);
    OPENSSL_cleanse(encoded, strlen(encoded));
    OPENSSL_cleanse(value, strlen(value));
    free(encoded);
    free(value);
    return ok;
}

static char *url_of(const json_t *settings)
{
    const char *base = object_text(settings, "pushgateway");
    size_t size = strlen(base);
    while (size > 0 && base[size - 1] == '/') {
        size--;
    }
    return mem_format("%.*s/metrics/job/%s/instance/%s", (int)size, base,
                      object_text(settings, "job"), object_text(settings, "instance"));
}

bool push_send(const json_t *settings, const struct runtime *runtime, bool is_whole,
               struct bytes text, struct error *err)
{
    struct http_response response = {0};
    char *url = url_of(settings);
    bool has_user = object_text(settings, "pushgateway_username") != NULL;
    const struct http_request request = {
        .method = is_whole ? "PUT" : "POST",
        .url = url,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .body = text,
        .limit = ANSWER_MAX,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + PATIENCE_MS,
        .ca_file = object_text(settings, "pushgateway_ca_file"),
        .authorize = has_user ? authorize : NULL,
        .context = (void *)settings,
    };
    bool ok = runtime->http(runtime->context, &request, &response, err);
    if (ok && (response.status == 401 || response.status == 403)) {
        ok = error_set(err, ERROR_DENIED, "HTTP %d", response.status);
    } else if (ok && (response.status < 200 || response.status > 299)) {
        ok = error_set(err, ERROR_DATA, "HTTP %d", response.status);
    }
    if (!ok) {
        error_context(err, "pushgateway");
    }
    http_response_clear(&response);
    free(url);
    return ok;
}
