#include "azure/assertion.h"

#include "azure/assertion_parts.h"
#include "base/buf.h"
#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 18 };

static void add_base64url(struct buf *out, const void *data, size_t size)
{
    char *text = assertion_base64url(data, size);
    buf_add_text(out, text);
    free(text);
}

static void add_json(struct buf *out, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    add_base64url(out, text, strlen(text));
    free(text);
    json_decref(json);
}

/* RSA-PSS with MGF1-SHA256 and a salt as long as the digest (RFC 7518 section 3.5). */
static bool set_pss(EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

static bool add_signature(EVP_PKEY *key, struct buf *out)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = NULL; /* belongs to digest */
    size_t size = (size_t)EVP_PKEY_get_size(key);
    uint8_t *signature = mem_alloc(size);
    bool ok = EVP_DigestSignInit(digest, &context, EVP_sha256(), NULL, key) > 0 &&
              set_pss(context) &&
              EVP_DigestSign(digest, signature, &size, out->data, out->size) > 0;
    if (ok) {
        buf_add_byte(out, '.');
        add_base64url(out, signature, size);
    }
    EVP_MD_CTX_free(digest);
    free(signature);
    ERR_clear_error();
    return ok;
}

static bool sign_ps256(const struct assertion *assertion, struct secret *out,
                       struct error *err)
{
    uint8_t print[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct buf jwt;
    buf_init(&jwt, TEXT_MAX);

    X509_digest(assertion->certificate->leaf, EVP_sha256(), print, &size);
    char *thumbprint = assertion_base64url(print, size);
    json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "PS256", "typ", "JWT",
                               "x5t#S256", thumbprint);
    if (assertion->has_chain) {
        json_object_set_new(header, "x5c", assertion_chain(assertion->certificate));
    }
    add_json(&jwt, header);
    buf_add_byte(&jwt, '.');
    add_json(&jwt, assertion_claims(assertion));
    bool ok = add_signature(assertion->certificate->key, &jwt) ||
              error_set(err, ERROR_CONFIG, "client certificate: its key does not sign");
    if (ok) {
        secret_set(out, buf_text(&jwt));
    }
    OPENSSL_cleanse(jwt.data, jwt.size);
    buf_clear(&jwt);
    free(thumbprint);
    return ok;
}

bool assertion_sign(const struct assertion *assertion, struct secret *out,
                    struct error *err)
{
    return assertion->is_rs256 ? assertion_sign_rs256(assertion, out, err)
                               : sign_ps256(assertion, out, err);
}
