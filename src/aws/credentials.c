#include "aws/credentials.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

void credentials_clear(struct credentials *credentials)
{
    secret_clear(&credentials->access_key_id);
    secret_clear(&credentials->secret_access_key);
    secret_clear(&credentials->session_token);
    free(credentials->arn);
    free(credentials->from);
    *credentials = (struct credentials){0};
}

static void copy_secret(const struct secret *from, struct secret *to)
{
    if (secret_is_set(from)) {
        secret_set(to, secret_reveal(from));
    }
}

void credentials_copy(const struct credentials *from, struct credentials *to)
{
    credentials_clear(to);
    copy_secret(&from->access_key_id, &to->access_key_id);
    copy_secret(&from->secret_access_key, &to->secret_access_key);
    copy_secret(&from->session_token, &to->session_token);
    to->life_ms = from->life_ms;
    to->arn = from->arn == NULL ? NULL : mem_dup(from->arn);
    to->from = from->from == NULL ? NULL : mem_dup(from->from);
    to->version = from->version;
}

/* Every one of them is sent in a header, or beside one that is. */
static bool is_printable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool take(const json_t *answer, const char *name, bool is_required,
                 struct secret *secret, struct error *err)
{
    const json_t *value = json_object_get(answer, name);
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0') {
        return !is_required || error_set(err, ERROR_DATA, "it has no %s", name);
    }
    if (!is_printable(text) || strlen(text) != json_string_length(value)) {
        return error_set(err, ERROR_DATA, "its %s holds forbidden characters", name);
    }
    secret_set(secret, text);
    return true;
}

static bool take_life(const json_t *answer, bool is_required, int64_t now_ms,
                      int64_t *life_ms, struct error *err)
{
    const char *text = json_string_value(json_object_get(answer, "Expiration"));
    int64_t end_ms = 0;
    *life_ms = 0;
    if (text == NULL || text[0] == '\0') {
        return !is_required || error_set(err, ERROR_DATA, "it has no Expiration");
    }
    if (!timestamp_parse(bytes_of(text), &end_ms)) {
        return error_set(err, ERROR_DATA, "its Expiration is not a time");
    }
    *life_ms = end_ms - now_ms;
    return *life_ms > 0 ||
           error_set(err, ERROR_DENIED, "they expired before they were given");
}

bool credentials_read(const json_t *answer, const struct credentials_names *names,
                      int64_t now_ms, struct credentials *credentials, struct error *err)
{
    if (!json_is_object(answer)) {
        return error_set(err, ERROR_DATA, "it is not a JSON object");
    }
    return take(answer, names->access_key_id, true, &credentials->access_key_id, err) &&
           take(answer, names->secret_access_key, true, &credentials->secret_access_key,
                err) &&
           take(answer, names->session_token, names->must_expire,
                &credentials->session_token, err) &&
           take_life(answer, names->must_expire, now_ms, &credentials->life_ms, err);
}

void credentials_wipe_json(json_t *value)
{
    if (json_is_string(value)) {
        OPENSSL_cleanse((char *)json_string_value(value), json_string_length(value));
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            credentials_wipe_json(json_incref(json_array_get(value, i)));
        }
    } else if (json_is_object(value)) {
        void *iter = json_object_iter(value);
        for (; iter != NULL; iter = json_object_iter_next(value, iter)) {
            credentials_wipe_json(json_incref(json_object_iter_value(iter)));
        }
    }
    json_decref(value);
}
