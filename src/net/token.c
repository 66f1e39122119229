#include "net/token.h"

#include "base/timestamp.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>

enum {
    EARLY_MS = 5 * MS_PER_MINUTE,        /* how long before its end a token is renewed */
    LONG_MS = 2 * MS_PER_HOUR,           /* past this, at half its life */
    UNKNOWN_LIFE_MS = 5 * MS_PER_MINUTE, /* of a token that does not say */
    LIFE_MAX_S = 7 * 24 * 3600,
};

static const int64_t seconds_max = 1LL << 40; /* later than any date, far from overflow */

/* Seconds, written as a number or, by metadata services, as a string; 0: not there. */
static int64_t seconds_of(const json_t *answer, const char *name)
{
    const json_t *value = json_object_get(answer, name);
    double seconds = json_is_string(value) ? strtod(json_string_value(value), NULL)
                                           : json_number_value(value);
    bool is_known = seconds > 0; /* not for NaN */
    if (!is_known) {
        return 0;
    }
    return seconds < (double)seconds_max ? (int64_t)seconds : seconds_max;
}

/* Google's iamcredentials tell the end as RFC 3339; 0: not there. */
static int64_t end_of(const json_t *answer)
{
    const char *text = json_string_value(json_object_get(answer, "expireTime"));
    int64_t end_ms = 0;
    bool is_time = text != NULL && timestamp_parse(bytes_of(text), &end_ms);
    return is_time ? end_ms / MS_PER_SECOND : 0;
}

static int64_t life_of(const json_t *answer, int64_t now_ms)
{
    int64_t life_s = seconds_of(answer, "expires_in");
    int64_t until_s = seconds_of(answer, "expires_on");
    until_s = until_s == 0 ? end_of(answer) : until_s;
    if (life_s == 0 && until_s != 0) {
        int64_t left_s = until_s - now_ms / MS_PER_SECOND;
        life_s = left_s > 1 ? left_s : 1;
    }
    if (life_s == 0) {
        return UNKNOWN_LIFE_MS;
    }
    return (life_s < LIFE_MAX_S ? life_s : (int64_t)LIFE_MAX_S) * MS_PER_SECOND;
}

static int64_t refresh_of(const json_t *answer, int64_t life_ms)
{
    int64_t told_ms = seconds_of(answer, "refresh_in") * MS_PER_SECOND;
    if (told_ms > 0 && told_ms < life_ms) {
        return told_ms;
    }
    return life_ms > LONG_MS || life_ms < 2LL * EARLY_MS ? life_ms / 2
                                                         : life_ms - EARLY_MS;
}

/* A token goes into a header: visible ASCII only. */
static bool is_usable(const char *text)
{
    size_t size = 0;
    while (text[size] > ' ' && text[size] < 0x7f) {
        size++;
    }
    return size > 0 && text[size] == '\0';
}

bool token_read(struct bytes answer, int64_t now_ms, struct token *token,
                struct error *err)
{
    *token = (struct token){0};
    json_t *root = json_loadb((const char *)answer.data, answer.size, 0, NULL);
    json_t *text = json_object_get(root, "access_token");
    text = text == NULL ? json_object_get(root, "accessToken") : text;
    bool ok = json_is_string(text) && is_usable(json_string_value(text));
    if (ok) {
        secret_set(&token->text, json_string_value(text));
        token->life_ms = life_of(root, now_ms);
        token->refresh_ms = refresh_of(root, token->life_ms);
    } else {
        error_set(err, ERROR_DATA, "the answer holds no access token");
    }
    if (json_is_string(text)) {
        OPENSSL_cleanse((void *)json_string_value(text), json_string_length(text));
    }
    json_decref(root);
    return ok;
}

void token_clear(struct token *token)
{
    secret_clear(&token->text);
    *token = (struct token){0};
}
