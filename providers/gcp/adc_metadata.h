/*
 * Tokens of the machine's own service account, from the metadata server of Compute
 * Engine, GKE (Workload Identity) and Cloud Run.
 *
 *   GET /computeMetadata/v1/instance/service-accounts/default/token?scopes=a,b HTTP/1.1
 *   Host: 169.254.169.254
 *   Metadata-Flavor: Google
 *
 * Only an answer that has the same header is Google's. In a fresh GKE pod the server
 * takes some seconds to come up; where the machine looks like Google's, that is waited
 * for.
 *
 * Errors: those of adc.h.
 */
#ifndef GCP_ADC_METADATA_H
#define GCP_ADC_METADATA_H

#include "gcp/adc_source.h"
#include "net/token.h"
#include "runtime.h"

/* The caller clears token. */
bool adc_metadata_token(const struct adc_source *source, const struct runtime *runtime,
                        const char *scope, struct token *token, struct error *err);
/* The account's e-mail address; NULL: it does not say. The caller frees. */
char *adc_metadata_email(const struct runtime *runtime);

#endif
