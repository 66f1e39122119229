/*
 * A new access token of a source, whatever asking that takes.
 *
 * Errors: those of adc.h.
 */
#ifndef GCP_ADC_FETCH_H
#define GCP_ADC_FETCH_H

#include "gcp/adc_source.h"
#include "net/token.h"
#include "runtime.h"

/* scope: with spaces between several. The caller clears token. */
bool adc_fetch(const struct adc_source *source, const struct runtime *runtime,
               const char *scope, struct token *token, struct error *err);

#endif
