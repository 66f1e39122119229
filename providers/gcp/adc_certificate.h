/*
 * Federation by a certificate of the workload's own (X.509): it is shown in the TLS
 * handshake with sts.mtls.googleapis.com, and named in the request.
 *
 *   subject_token=["MIIC...leaf","MIIC...issuer"]     base64 of DER
 *
 * Errors: ERROR_CONFIG.
 */
#ifndef GCP_ADC_CERTIFICATE_H
#define GCP_ADC_CERTIFICATE_H

#include "gcp/adc_source.h"

struct adc_certificate {
    char *cert_file;
    char *key_file;
};

/* Where the certificate is, as gcloud's certificate_config.json says. Clear it. */
bool adc_certificate_find(const struct adc_source *source,
                          struct adc_certificate *certificate, struct error *err);
void adc_certificate_clear(struct adc_certificate *certificate);
/* The caller clears subject. */
bool adc_certificate_subject(const struct adc_source *source, struct secret *subject,
                             struct error *err);

#endif
