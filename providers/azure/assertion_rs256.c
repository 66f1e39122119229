#include "azure/assertion_parts.h"
#include "base/mem.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static bool add_header(jwt_t *jwt, const struct assertion *assertion)
{
    uint8_t print[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509_digest(assertion->certificate->leaf, EVP_sha1(), print, &size);
    char *thumbprint = assertion_base64url(print, size);
    json_t *header = json_pack("{s:s}", "x5t", thumbprint);
    free(thumbprint);
    if (assertion->has_chain) {
        json_object_set_new(header, "x5c", assertion_chain(assertion->certificate));
    }
    char *text = json_dumps(header, JSON_COMPACT);
    bool ok = jwt_add_headers_json(jwt, text) == 0;
    free(text);
    json_decref(header);
    return ok;
}

static bool add_claims(jwt_t *jwt, const struct assertion *assertion)
{
    json_t *claims = assertion_claims(assertion);
    char *text = json_dumps(claims, JSON_COMPACT);
    bool ok = jwt_add_grants_json(jwt, text) == 0;
    free(text);
    json_decref(claims);
    return ok;
}

/* libjwt takes its key as PEM. */
static bool set_key(jwt_t *jwt, const struct certificate *certificate)
{
    BIO *pem = BIO_new(BIO_s_secmem());
    char *text = NULL;
    bool ok =
        PEM_write_bio_PrivateKey(pem, certificate->key, NULL, NULL, 0, NULL, NULL) == 1;
    long size = BIO_get_mem_data(pem, &text);
    ok = ok &&
         jwt_set_alg(jwt, JWT_ALG_RS256, (const unsigned char *)text, (int)size) == 0;
    BIO_free(pem);
    return ok;
}

bool assertion_sign_rs256(const struct assertion *assertion, struct secret *out,
                          struct error *err)
{
    jwt_t *jwt = NULL;
    bool ok = jwt_new(&jwt) == 0 && add_header(jwt, assertion) &&
              add_claims(jwt, assertion) && set_key(jwt, assertion->certificate);
    char *text = ok ? jwt_encode_str(jwt) : NULL;
    ok = text != NULL;
    if (ok) {
        secret_set(out, text);
        OPENSSL_cleanse(text, strlen(text));
    }
    free(text);
    jwt_free(jwt);
    ERR_clear_error();
    return ok ||
           error_set(err, ERROR_CONFIG, "client certificate: its key does not sign");
}
