#include "azure/assertion_parts.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *assertion_base64(const void *data, size_t size)
{
    char *text = mem_alloc(4 * ((size + 2) / 3) + 1);
    EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    return text;
}

char *assertion_base64url(const void *data, size_t size)
{
    char *text = assertion_base64(data, size);
    text[strcspn(text, "=")] = '\0';
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '+') {
            *at = '-';
        } else if (*at == '/') {
            *at = '_';
        }
    }
    return text;
}

json_t *assertion_claims(const struct assertion *assertion)
{
    json_int_t now_s = assertion->now_ms / MS_PER_SECOND;
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud", assertion->audience,
                     "iss", assertion->client_id, "sub", assertion->client_id, "jti",
                     assertion->jti, "nbf", now_s, "iat", now_s, "exp",
                     now_s + ASSERTION_LIFE_S);
}

static void add_certificate(json_t *chain, X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    if (size > 0) {
        char *text = assertion_base64(der, (size_t)size);
        json_array_append_new(chain, json_string(text));
        free(text);
    }
    OPENSSL_free(der);
}

json_t *assertion_chain(const struct certificate *certificate)
{
    json_t *chain = json_array();
    add_certificate(chain, certificate->leaf);
    for (int i = 0; i < sk_X509_num(certificate->chain); i++) {
        add_certificate(chain, sk_X509_value(certificate->chain, i));
    }
    return chain;
}
