/*
 * Where an AWS service answers: https://cloudtrail.eu-west-2.amazonaws.com, with
 * the DNS suffix of the region's partition; with fips: true the host whose cryptography
 * is FIPS 140 validated, https://cloudtrail-fips.us-east-1.amazonaws.com.
 *
 * Errors: ERROR_CONFIG.
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "base/error.h"

#include <jansson.h>

struct endpoint {
    char *url;  /* ends with '/' */
    char *host; /* what a Host header says: with the port when it is not 443 */
};

/*
 * What settings say about the endpoint of service in region: its URL in the map
 * "endpoints" (of cloudtrail also in "endpoint"), else the FIPS endpoint where "fips" is
 * true; NULL: nothing. The caller
 * owns the text. AWS has FIPS endpoints in its American and Canadian regions only.
 */
char *endpoint_configured(const char *service, const char *region,
                          const json_t *settings);

/*
 * The endpoint of service ("cloudtrail") in region. Configured (a URL) wins where
 * not NULL; then the environment's AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL,
 * which is logged, because whoever sets it receives signed requests. The caller clears.
 */
bool endpoint_find(const char *service, const char *region, const char *configured,
                   struct endpoint *endpoint, struct error *err);
void endpoint_clear(struct endpoint *endpoint);

#endif
