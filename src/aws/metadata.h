/*
 * One question to a metadata service: the address inside a machine or pod that gives
 * it its credentials. http is what these speak; they are reached without a proxy, and
 * only at the addresses of net/http_guard.h, at this machine, or by https.
 *
 * Errors: those of net/http.h; ERROR_DATA.
 */
#ifndef AWS_METADATA_H
#define AWS_METADATA_H

#include "aws/credentials.h"
#include "net/http.h"

struct metadata_request {
    const char *method;
    char *url;
    const char *header;         /* that carries token; NULL: none */
    const struct secret *token; /* or NULL */
    struct http_header open[1]; /* one that is no secret; name NULL: none */
    int64_t timeout_ms;         /* of one try */
    int64_t deadline_ms;        /* for all, from now */
};

/* Asks. Any status is success. The caller clears response with metadata_clear. */
bool metadata_send(const struct runtime *runtime, const struct metadata_request *request,
                   struct http_response *response, struct error *err);
/* Wipes, then releases. */
void metadata_clear(struct http_response *response);

/* The credentials in a 200 answer, {"AccessKeyId":..,"SecretAccessKey":..,"Token":..}. */
bool metadata_read(const struct runtime *runtime, const struct http_response *response,
                   struct credentials *credentials, struct error *err);

#endif
