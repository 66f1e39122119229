/*
 * Workload identity federation: a token of the workload's own cloud for one of Google's,
 * by OAuth 2.0 Token Exchange (RFC 8693).
 *
 *   POST /v1/token HTTP/1.1
 *   Host: sts.googleapis.com
 *   Content-Type: application/x-www-form-urlencoded
 *
 *   grant_type=urn:ietf:params:oauth:grant-type:token-exchange&audience=//iam.googleapis..
 *   &scope=..&requested_token_type=urn:ietf:params:oauth:token-type:access_token
 *   &subject_token=..&subject_token_type=..
 *
 * Errors: those of adc.h.
 */
#ifndef GCP_ADC_EXCHANGE_H
#define GCP_ADC_EXCHANGE_H

#include "gcp/adc_source.h"
#include "net/token.h"
#include "runtime.h"

/* The caller clears token. */
bool adc_exchange(const struct adc_source *source, const struct runtime *runtime,
                  const char *scope, struct token *token, struct error *err);

#endif
