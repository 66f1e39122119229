/*
 * How adc_source.c, which reads any credential file, and adc_source_federation.c, which
 * reads those of workload identity federation, work together.
 */
#ifndef GCP_ADC_SOURCE_PARTS_H
#define GCP_ADC_SOURCE_PARTS_H

#include "gcp/adc_source.h"

/* Does the file have a text called name? */
bool adc_source_need(const struct adc_source *source, const char *name,
                     struct error *err);
/* Moves a text, where there is one, out of the file, and wipes it there. */
void adc_source_take(struct adc_source *source, const char *name, struct secret *secret);
/*
 * Keeps the URL called name, or fallback with the universe in it (NULL: it must be
 * there), when its host may be sent credentials.
 */
bool adc_source_keep_url(struct adc_source *source, const struct adc_rules *rules,
                         const char *name, const char *fallback, struct error *err);
/* Is source->key an RSA key in PEM? */
bool adc_source_check_key(const struct adc_source *source, struct error *err);
/* Reads "external_account". */
bool adc_source_read_federation(struct adc_source *source, const struct adc_rules *rules,
                                struct error *err);

#endif
