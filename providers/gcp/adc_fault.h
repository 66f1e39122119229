/*
 * What Google's token services say no with, and what to do about it.
 *
 *   {"error":"invalid_grant","error_description":"Invalid JWT Signature."}
 *   {"error":{"code":403,"message":"Permission ...","status":"PERMISSION_DENIED"}}
 *
 * Their words are compared, never shown: they may quote what they were sent.
 */
#ifndef GCP_ADC_FAULT_H
#define GCP_ADC_FAULT_H

#include "gcp/adc_source.h"
#include "net/http.h"

/* Is it one that Google asks to repeat? */
bool adc_fault_is_passing(const struct http_response *response);
/* Was an assertion refused for its time? */
bool adc_fault_is_clock(const struct http_response *response);
/* Sets err. skew_ms: Google's clock less ours; 0: not known. Always false. */
bool adc_fault_set(const struct adc_source *source, const struct http_response *response,
                   int64_t skew_ms, struct error *err);

#endif
