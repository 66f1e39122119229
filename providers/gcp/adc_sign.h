/*
 * What a service account's key signs, by RS256: an assertion that Google's token endpoint
 * takes for a token (RFC 7523), or a token itself (AIP-4111).
 *
 *   {"typ":"JWT","alg":"RS256","kid":"<private_key_id>"}
 *   {"iss":"bridge@..","aud":"https://oauth2.googleapis.com/token","scope":"..",
 *    "iat":..,"exp":..}
 *   {"iss":"bridge@..","sub":"bridge@..","scope":"..","iat":..,"exp":..}
 *
 * Errors: ERROR_CONFIG.
 */
#ifndef GCP_ADC_SIGN_H
#define GCP_ADC_SIGN_H

#include "gcp/adc_source.h"

#include <stdint.h>

enum { ADC_SIGN_LIFE_S = 3600 }; /* Google takes no longer one */

struct adc_sign_claims {
    const char *audience; /* of an assertion; NULL: a token */
    const char *scope;
    int64_t now_ms;
};

/* The caller clears out. */
bool adc_sign(const struct adc_source *source, const struct adc_sign_claims *claims,
              struct secret *out, struct error *err);

#endif
