#include "gcp/adc_sign.h"

#include "base/timestamp.h"

#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static bool add_claims(jwt_t *jwt, const struct adc_source *source,
                       const struct adc_sign_claims *claims)
{
    const char *email = adc_source_text(source, "client_email");
    const char *key_id = adc_source_text(source, "private_key_id");
    long now_s = (long)(claims->now_ms / MS_PER_SECOND);
    bool ok = jwt_add_grant(jwt, "iss", email) == 0 &&
              jwt_add_grant(jwt, "scope", claims->scope) == 0 &&
              jwt_add_grant_int(jwt, "iat", now_s) == 0 &&
              jwt_add_grant_int(jwt, "exp", now_s + ADC_SIGN_LIFE_S) == 0;
    ok = ok && (key_id == NULL || jwt_add_header(jwt, "kid", key_id) == 0);
    return ok && (claims->audience != NULL ? jwt_add_grant(jwt, "aud", claims->audience)
                                           : jwt_add_grant(jwt, "sub", email)) == 0;
}

bool adc_sign(const struct adc_source *source, const struct adc_sign_claims *claims,
              struct secret *out, struct error *err)
{
    const char *key = secret_reveal(&source->key);
    jwt_t *jwt = NULL;
    bool ok = jwt_new(&jwt) == 0 && add_claims(jwt, source, claims) &&
              jwt_set_alg(jwt, JWT_ALG_RS256, (const unsigned char *)key,
                          (int)strlen(key)) == 0;
    char *text = ok ? jwt_encode_str(jwt) : NULL;
    ok = text != NULL;
    if (ok) {
        secret_set(out, text);
        OPENSSL_cleanse(text, strlen(text));
    }
    free(text);
    jwt_free(jwt);
    ERR_clear_error();
    return ok || error_set(err, ERROR_CONFIG, "\"private_key\" does not sign");
}
