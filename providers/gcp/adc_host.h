/*
 * Where tokens and proofs of who we are may go: hosts of the universe ("googleapis.com"),
 * and those that the configuration lists. A key file comes from elsewhere, and one that
 * names another host would hand our tokens to it.
 *
 * Errors: ERROR_CONFIG.
 */
#ifndef GCP_ADC_HOST_H
#define GCP_ADC_HOST_H

#include "base/error.h"

#include <jansson.h>

/* "host" or "host:port" of an https URL, as net/http.h wants it; NULL: it is none. The
 * caller frees. */
char *adc_host_of(const char *url);

/* May url be sent credentials? hosts: texts, or NULL. name is for the error. */
bool adc_host_check(const char *name, const char *url, const char *universe,
                    const json_t *hosts, struct error *err);

/* Is url one that only gives: of this machine or a metadata service (http too)? */
bool adc_host_is_local(const char *url);

#endif
