/*
 * What both ways to sign an assertion share: assertion.c with OpenSSL, and
 * assertion_rs256.c with libjwt, which has no PS256.
 */
#ifndef AZURE_ASSERTION_PARTS_H
#define AZURE_ASSERTION_PARTS_H

#include "azure/assertion.h"

#include <jansson.h>

/* In standard base64, with padding. The caller frees. */
char *assertion_base64(const void *data, size_t size);
/* In that of URLs, without padding (RFC 7515). The caller frees. */
char *assertion_base64url(const void *data, size_t size);
/* {"aud", "iss", "sub", "jti", "nbf", "iat", "exp"}. The caller releases. */
json_t *assertion_claims(const struct assertion *assertion);
/* x5c: certificates in DER and base64, that of the key first. The caller releases. */
json_t *assertion_chain(const struct certificate *certificate);

bool assertion_sign_rs256(const struct assertion *assertion, struct secret *out,
                          struct error *err);

#endif
