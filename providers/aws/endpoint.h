/*
 * Where an AWS service answers: https://cloudtrail.eu-west-2.amazonaws.com, with
 * the DNS suffix of the region's partition.
 *
 * Errors: ERROR_CONFIG.
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "base/error.h"

struct endpoint {
    char *url;  /* ends with '/' */
    char *host; /* what a Host header says: with the port when it is not 443 */
};

/*
 * The endpoint of service ("cloudtrail") in region. Configured (a URL) wins where
 * not NULL; then the environment's AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL,
 * which is logged, because whoever sets it receives signed requests. The caller clears.
 */
bool endpoint_find(const char *service, const char *region, const char *configured,
                   struct endpoint *endpoint, struct error *err);
void endpoint_clear(struct endpoint *endpoint);

#endif
