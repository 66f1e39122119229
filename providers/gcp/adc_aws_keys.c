#include "gcp/adc_aws_keys.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/adc_find.h"
#include "net/http.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 1 << 16,
    NAME_MAX_SIZE = 128,
    TIMEOUT_MS = 2 * MS_PER_SECOND,
    DEADLINE_MS = 10 * MS_PER_SECOND,
};

/* What a region's and a role's name may hold: they become parts of URLs. */
static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_+=,.@-";

struct talk {
    const struct runtime *runtime;
    const json_t *origin; /* credential_source */
    struct secret session;
};

void adc_aws_keys_clear(struct adc_aws_keys *keys)
{
    free(keys->region);
    secret_clear(&keys->id);
    secret_clear(&keys->secret);
    secret_clear(&keys->token);
    keys->region = NULL;
}

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)refresh;
    const struct talk *talk = context;
    if (strcmp(request->method, "PUT") == 0) {
        return http_extra_add(extra, "X-aws-ec2-metadata-token-ttl-seconds", "300", err);
    }
    return !secret_is_set(&talk->session) ||
           http_extra_add(extra, "X-aws-ec2-metadata-token",
                          secret_reveal(&talk->session), err);
}

static bool ask(struct talk *talk, const char *method, const char *url, struct buf *text,
                struct error *err)
{
    const struct runtime *runtime = talk->runtime;
    struct http_response response = {0};
    const struct http_request request = {
        .method = method,
        .url = url,
        .limit = ANSWER_MAX,
        .timeout_ms = TIMEOUT_MS,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + DEADLINE_MS,
        .authorize = authorize,
        .is_metadata = true,
        .context = talk,
    };
    bool ok = runtime->http(runtime->context, &request, &response, err);
    if (ok && response.status != 200) {
        ok = error_set(err, ERROR_DENIED,
                       "instance metadata answered HTTP %d; give the instance a role and "
                       "allow IMDSv2, or set AWS_ACCESS_KEY_ID",
                       response.status);
    }
    if (ok) {
        buf_add_bytes(text, buf_bytes(&response.body));
    }
    key_file_clear(&response.body);
    http_response_clear(&response);
    return ok;
}

static const char *url_of(const struct talk *talk, const char *name)
{
    return json_string_value(json_object_get(talk->origin, name));
}

/* Asks for one word; NULL, with err, when it is none. The caller frees. */
static char *ask_word(struct talk *talk, const char *method, const char *url,
                      struct error *err)
{
    struct buf text;
    char *word = NULL;
    buf_init(&text, ANSWER_MAX);
    if (ask(talk, method, url, &text, err)) {
        const char *start = buf_text(&text);
        size_t size = strcspn(start, " \t\r\n");
        if (size > 0) {
            word = mem_dup_bytes(start, size);
        } else {
            error_set(err, ERROR_DATA, "instance metadata answered nothing");
        }
    }
    key_file_clear(&text);
    return word;
}

static bool open_session(struct talk *talk, struct error *err)
{
    const char *url = url_of(talk, "imdsv2_session_token_url");
    if (url == NULL || secret_is_set(&talk->session)) {
        return true;
    }
    char *token = ask_word(talk, "PUT", url, err);
    if (token == NULL) {
        return error_context(err, "in a container the instance's metadata hop limit must "
                                  "be 2 or more");
    }
    secret_set(&talk->session, token);
    OPENSSL_cleanse(token, strlen(token));
    free(token);
    return true;
}

static bool is_name(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size < NAME_MAX_SIZE && text[0] != '.' &&
           strspn(text, name_letters) == size;
}

static bool find_region(struct talk *talk, struct adc_aws_keys *keys, struct error *err)
{
    const char *told = adc_find_variable("AWS_REGION");
    const char *url = url_of(talk, "region_url");
    told = told == NULL ? adc_find_variable("AWS_DEFAULT_REGION") : told;
    if (told != NULL) {
        keys->region = mem_dup(told);
    } else if (url == NULL) {
        return error_set(err, ERROR_CONFIG, "no region is known; set AWS_REGION");
    } else if (!open_session(talk, err) ||
               (keys->region = ask_word(talk, "GET", url, err)) == NULL) {
        return error_context(err, "region; or set AWS_REGION");
    } else {
        keys->region[strlen(keys->region) - 1] = '\0'; /* the zone's letter */
    }
    return is_name(keys->region) ||
           error_set(err, ERROR_CONFIG, "the region's name is not one; set AWS_REGION");
}

static bool take(const json_t *answer, const char *name, struct secret *secret)
{
    const json_t *value = json_object_get(answer, name);
    if (!json_is_string(value) || json_string_length(value) == 0) {
        return false;
    }
    secret_set(secret, json_string_value(value));
    OPENSSL_cleanse((void *)json_string_value(value), json_string_length(value));
    return true;
}

static bool read_keys(const struct buf *text, struct adc_aws_keys *keys,
                      struct error *err)
{
    json_t *answer = json_loadb((const char *)text->data, text->size, 0, NULL);
    bool has_id = take(answer, "AccessKeyId", &keys->id);
    bool has_secret = take(answer, "SecretAccessKey", &keys->secret);
    take(answer, "Token", &keys->token);
    json_decref(answer);
    return (has_id && has_secret) ||
           error_set(err, ERROR_DENIED,
                     "instance metadata has no keys of the instance's role; check the "
                     "role and its trust policy");
}

static bool ask_keys(struct talk *talk, struct adc_aws_keys *keys, struct error *err)
{
    const char *base = url_of(talk, "url");
    if (base == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                         "\"url\" in credential_source");
    }
    struct buf text;
    buf_init(&text, ANSWER_MAX);
    char *role = open_session(talk, err) ? ask_word(talk, "GET", base, err) : NULL;
    bool ok = role != NULL;
    if (ok && !is_name(role)) {
        ok = error_set(err, ERROR_DATA, "instance metadata: the role's name is not one");
    }
    if (ok) {
        bool has_slash = base[strlen(base) - 1] == '/';
        char *url = mem_format("%s%s%s", base, has_slash ? "" : "/", role);
        ok = ask(talk, "GET", url, &text, err) && read_keys(&text, keys, err);
        free(url);
    }
    key_file_clear(&text);
    free(role);
    return ok;
}

static bool find_keys(struct talk *talk, struct adc_aws_keys *keys, struct error *err)
{
    const char *id = adc_find_variable("AWS_ACCESS_KEY_ID");
    const char *secret = adc_find_variable("AWS_SECRET_ACCESS_KEY");
    const char *token = adc_find_variable("AWS_SESSION_TOKEN");
    if (id == NULL && secret == NULL) {
        return ask_keys(talk, keys, err);
    }
    if (id == NULL || secret == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                         "neither");
    }
    secret_set(&keys->id, id);
    secret_set(&keys->secret, secret);
    if (token != NULL) {
        secret_set(&keys->token, token);
    }
    return true;
}

bool adc_aws_keys_find(const struct adc_source *source, const struct runtime *runtime,
                       struct adc_aws_keys *keys, struct error *err)
{
    struct talk talk = {.runtime = runtime,
                        .origin = json_object_get(source->file, "credential_source")};
    bool ok = find_region(&talk, keys, err) && find_keys(&talk, keys, err);
    secret_clear(&talk.session);
    return ok;
}
