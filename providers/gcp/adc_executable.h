/*
 * The workload's token from a program that the credential file names. It runs only where
 * GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES is 1, without a shell.
 *
 *   {"version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:id_token",
 *    "id_token":"eyJ...","expiration_time":1764032400}
 *
 * Errors: ERROR_CONFIG, ERROR_DENIED when the program says no, those of base/process.h.
 */
#ifndef GCP_ADC_EXECUTABLE_H
#define GCP_ADC_EXECUTABLE_H

#include "gcp/adc_source.h"
#include "runtime.h"

/* The caller clears subject. */
bool adc_executable_subject(const struct adc_source *source,
                            const struct runtime *runtime, struct secret *subject,
                            struct error *err);

#endif
