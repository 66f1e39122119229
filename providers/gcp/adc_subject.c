#include "gcp/adc_subject.h"

#include "base/key_file.h"
#include "base/timestamp.h"
#include "gcp/adc_host.h"
#include "net/http.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 1 << 17, TIMEOUT_MS = 10 * MS_PER_SECOND };

static const json_t *origin_of(const struct adc_source *source)
{
    return json_object_get(source->file, "credential_source");
}

static bool read_json(const json_t *format, const struct buf *text,
                      struct secret *subject, struct error *err)
{
    const char *name =
        json_string_value(json_object_get(format, "subject_token_field_name"));
    json_t *root = json_loadb((const char *)text->data, text->size, 0, NULL);
    const json_t *value = json_object_get(root, name);
    const char *found = json_string_value(value);
    bool ok = found != NULL && found[0] != '\0';
    if (ok) {
        secret_set(subject, found);
        OPENSSL_cleanse((void *)found, json_string_length(value));
    }
    json_decref(root);
    return ok || error_set(err, ERROR_CONFIG,
                           "it is not JSON with the member that "
                           "subject_token_field_name says");
}

bool adc_subject_read(const struct adc_source *source, struct buf *text,
                      struct secret *subject, struct error *err)
{
    const json_t *format = json_object_get(origin_of(source), "format");
    const char *type = json_string_value(json_object_get(format, "type"));
    if (type != NULL && strcmp(type, "json") == 0) {
        return read_json(format, text, subject, err);
    }
    /* A token has no white space, whatever a file's last line ends with. */
    while (text->size > 0 && text->data[text->size - 1] <= ' ') {
        text->size--;
    }
    if (text->size == 0 || memchr(text->data, '\0', text->size) != NULL) {
        return error_set(err, ERROR_CONFIG, "it holds no token");
    }
    secret_set(subject, buf_text(text));
    return true;
}

bool adc_subject_file(const struct adc_source *source, struct secret *subject,
                      struct error *err)
{
    const char *path = json_string_value(json_object_get(origin_of(source), "file"));
    struct buf text;
    buf_init(&text, TOKEN_MAX);
    bool ok =
        key_file_read(path, &text, err) && adc_subject_read(source, &text, subject, err);
    key_file_clear(&text);
    return ok || error_context(err,
                               "the workload's token %s (mount a projected token whose "
                               "audience the provider allows)",
                               path);
}

/* Headers may be secret: they go with a credential's care, to that host alone. */
static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    (void)refresh;
    json_t *headers = context;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(headers, name, value)
    {
        const char *text = json_string_value(value);
        if (text == NULL) {
            return error_set(err, ERROR_CONFIG,
                             "credential_source.headers must hold texts");
        }
        if (!http_extra_add(extra, name, text, err)) {
            return error_context(err, "credential_source.headers");
        }
    }
    return true;
}

bool adc_subject_url(const struct adc_source *source, const struct runtime *runtime,
                     struct secret *subject, struct error *err)
{
    const json_t *origin = origin_of(source);
    const char *url = json_string_value(json_object_get(origin, "url"));
    struct http_response response = {0};
    const struct http_request request = {
        .method = "GET",
        .url = url,
        .limit = TOKEN_MAX,
        .timeout_ms = TIMEOUT_MS,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + MS_PER_MINUTE,
        .ca_file = source->ca_file,
        .authorize = authorize,
        .is_metadata = adc_host_is_local(url),
        .context = json_object_get(origin, "headers"),
    };
    bool ok = runtime->http(runtime->context, &request, &response, err);
    if (ok && response.status != 200) {
        ok = error_set(err, ERROR_DENIED,
                       "HTTP %d; see that the machine has an identity and that the URL's "
                       "parameters name it",
                       response.status);
    }
    ok = ok && adc_subject_read(source, &response.body, subject, err);
    key_file_clear(&response.body);
    http_response_clear(&response);
    return ok || error_context(err, "the workload's token, credential_source.url");
}
