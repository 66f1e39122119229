/*
 * Tokens for what Google gave once: a service account's key, a user's refresh token.
 *
 *   POST /token HTTP/1.1
 *   Host: oauth2.googleapis.com
 *   Content-Type: application/x-www-form-urlencoded
 *
 *   grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ...
 *   grant_type=refresh_token&client_id=..&client_secret=..&refresh_token=..
 *
 * A clock that Google calls wrong is set right by Google's own, once.
 *
 * Errors: those of adc.h.
 */
#ifndef GCP_ADC_GRANT_H
#define GCP_ADC_GRANT_H

#include "gcp/adc_source.h"
#include "net/token.h"
#include "runtime.h"

/* The caller clears token. */
bool adc_grant_key(const struct adc_source *source, const struct runtime *runtime,
                   const char *scope, struct token *token, struct error *err);
/* The same for a login, whose scopes were chosen when it was made. */
bool adc_grant_login(const struct adc_source *source, const struct runtime *runtime,
                     struct token *token, struct error *err);
/* "client_id:client_secret" in base64, for HTTP's Basic. The caller clears. */
void adc_grant_basic(const struct adc_source *source, struct secret *proof);

#endif
