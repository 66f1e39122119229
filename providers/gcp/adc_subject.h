/*
 * The token that a workload's own cloud gave it, from a file (Kubernetes renews projected
 * ones, so it is read each time) or from an address of this machine (Azure's IMDS).
 *
 * Errors: ERROR_CONFIG, those of net/http.h.
 */
#ifndef GCP_ADC_SUBJECT_H
#define GCP_ADC_SUBJECT_H

#include "base/buf.h"
#include "gcp/adc_source.h"
#include "runtime.h"

/* The caller clears subject. */
bool adc_subject_file(const struct adc_source *source, struct secret *subject,
                      struct error *err);
bool adc_subject_url(const struct adc_source *source, const struct runtime *runtime,
                     struct secret *subject, struct error *err);
/* Reads text as credential_source.format says: it whole, or a member of it as JSON. */
bool adc_subject_read(const struct adc_source *source, struct buf *text,
                      struct secret *subject, struct error *err);

#endif
