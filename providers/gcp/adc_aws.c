#include "gcp/adc_aws.h"

#include "base/mem.h"
#include "gcp/adc_aws_keys.h"
#include "net/form.h"
#include "net/sigv4.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16 };

/* The URL with {region} replaced, and its parts. */
struct place {
    char *url;
    char *host;
    char *path;
    const char *query; /* in url */
    int64_t now_ms;
};

static void clear_place(struct place *place)
{
    free(place->url);
    free(place->host);
    free(place->path);
}

static char *fill_region(const char *url, const char *region)
{
    static const char hole[] = "{region}";
    const char *at = strstr(url, hole);
    return at == NULL
               ? mem_dup(url)
               : mem_format("%.*s%s%s", (int)(at - url), url, region, at + strlen(hole));
}

/* A signature for anything but STS would be a present to whoever wrote the file. */
static bool is_sts(const char *host)
{
    static const char *const ends[] = {".amazonaws.com", ".amazonaws.com.cn"};
    size_t size = strlen(host);
    bool is_sts = strncmp(host, "sts.", strlen("sts.")) == 0 ||
                  strncmp(host, "sts-fips.", strlen("sts-fips.")) == 0;
    for (size_t i = 0; is_sts && i < 2; i++) {
        size_t end = strlen(ends[i]);
        if (size > end && strcmp(host + size - end, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_place(const struct adc_source *source, const char *region,
                       struct place *place, struct error *err)
{
    static const char scheme[] = "https://";
    const json_t *origin = json_object_get(source->file, "credential_source");
    const char *url =
        json_string_value(json_object_get(origin, "regional_cred_verification_url"));
    place->url = fill_region(url, region);
    if (strncmp(place->url, scheme, strlen(scheme)) == 0) {
        const char *host = place->url + strlen(scheme);
        size_t size = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-");
        const char *path = host + size;
        size_t path_size = strcspn(path, "?");
        place->host = mem_dup_bytes(host, size);
        place->path = path_size == 0 ? mem_dup("/") : mem_dup_bytes(path, path_size);
        place->query = path[path_size] == '?' ? path + path_size + 1 : "";
    }
    bool ok = place->host != NULL && is_sts(place->host) && place->path[0] == '/';
    return ok || error_set(err, ERROR_CONFIG,
                           "regional_cred_verification_url must be one of AWS STS, as "
                           "gcloud writes it");
}

static void add_header(json_t *list, const char *name, const char *value)
{
    json_array_append_new(list, json_pack("{s:s, s:s}", "key", name, "value", value));
}

/* Percent-encoded JSON, as Google's libraries send it. */
static bool write_subject(const struct place *place, json_t *headers,
                          struct secret *subject, struct error *err)
{
    json_t *root = json_pack("{s:s, s:s, s:O}", "url", place->url, "method", "POST",
                             "headers", headers);
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    struct buf quoted;
    buf_init(&quoted, TEXT_MAX);
    bool ok = form_add_value(&quoted, text) ||
              error_set(err, ERROR_CONFIG, "the session token is too long");
    if (ok) {
        secret_set(subject, buf_text(&quoted));
    }
    OPENSSL_cleanse(text, strlen(text));
    free(text);
    if (quoted.data != NULL) {
        OPENSSL_cleanse(quoted.data, quoted.size);
    }
    buf_clear(&quoted);
    json_decref(root);
    return ok;
}

/* Signs the target too, so that nobody can turn the request to another pool. */
static bool sign(const char *target, const struct adc_aws_keys *keys,
                 const struct place *place, struct secret *subject, struct error *err)
{
    const struct http_header headers[] = {{"host", place->host},
                                          {"x-goog-cloud-target-resource", target}};
    const struct sigv4_key key = {.access_key_id = &keys->id,
                                  .secret_access_key = &keys->secret,
                                  .session_token = &keys->token,
                                  .region = keys->region,
                                  .service = "sts"};
    const struct sigv4_request request = {.method = "POST",
                                          .path = place->path,
                                          .query = place->query,
                                          .headers = headers,
                                          .header_count = 2};
    struct sigv4_result result = {0};
    json_t *list = json_array();

    sigv4_sign(&key, &request, place->now_ms, &result);
    add_header(list, "Authorization", buf_text(&result.authorization));
    add_header(list, "host", place->host);
    add_header(list, "x-amz-date", result.date);
    if (secret_is_set(&keys->token)) {
        add_header(list, "x-amz-security-token", secret_reveal(&keys->token));
    }
    add_header(list, "x-goog-cloud-target-resource", target);
    bool ok = write_subject(place, list, subject, err);
    json_decref(list);
    sigv4_result_clear(&result);
    return ok;
}

bool adc_aws_subject(const struct adc_source *source, const struct runtime *runtime,
                     struct secret *subject, struct error *err)
{
    struct adc_aws_keys keys = {0};
    struct place place = {.now_ms = runtime->now_ms(runtime->context)};
    bool ok = adc_aws_keys_find(source, runtime, &keys, err) &&
              find_place(source, keys.region, &place, err) &&
              sign(adc_source_text(source, "audience"), &keys, &place, subject, err);
    adc_aws_keys_clear(&keys);
    clear_place(&place);
    return ok || error_context(err, "AWS");
}
