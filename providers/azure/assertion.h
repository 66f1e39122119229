/*
 * What an application says of itself to Entra ID instead of a secret: a JWT, signed
 * by the key of its certificate.
 *
 *   {"alg":"PS256","typ":"JWT","x5t#S256":"<SHA-256 of the certificate>"[,"x5c":[...]]}
 *   {"aud":TOKEN
 * ENDPOINT,"iss":CLIENT,"sub":CLIENT,"jti":UUID,"nbf":T,"iat":T,"exp":T+600}
 *
 * or, for what knows no PS256 (AD FS, older proxies), RS256 with "x5t", the SHA-1.
 *
 * Errors: ERROR_CONFIG (the key does not sign).
 */
#ifndef AZURE_ASSERTION_H
#define AZURE_ASSERTION_H

#include "azure/certificate.h"

enum { ASSERTION_JTI_SIZE = 37, ASSERTION_LIFE_S = 600 };

struct assertion {
    const struct certificate *certificate;
    const char *client_id;
    const char *audience;
    int64_t now_ms;
    char jti[ASSERTION_JTI_SIZE]; /* a UUID, for one use */
    bool is_rs256;
    bool has_chain; /* sends the certificate and its chain along, as x5c */
};

/* The caller clears out. */
bool assertion_sign(const struct assertion *assertion, struct secret *out,
                    struct error *err);

#endif
