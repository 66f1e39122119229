/*
 * One AWS service in one region: signs calls of its JSON protocol, keeps the
 * credential and how far this machine's clock is off.
 *
 *   POST / HTTP/1.1
 *   Host: cloudtrail.eu-west-2.amazonaws.com
 *   Content-Type: application/x-amz-json-1.1
 *   X-Amz-Target: com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents
 *   X-Amz-Date: 20260101T000000Z
 *   X-Amz-Security-Token: ...             (temporary credentials)
 *   Authorization: AWS4-HMAC-SHA256 ...
 *
 * An expired credential is loaded again, and a signature refused while the clocks
 * are more than four minutes apart is made again with the service's time: once each call.
 *
 * Errors: those of net/http.h; ERROR_DENIED with what to do about it; ERROR_CONFIG for
 * any other refusal.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/fault.h"

struct client {
    const struct runtime *runtime; /* borrowed */
    const char *service;           /* a constant: "cloudtrail" */
    char *region;
    char *ca_file; /* or NULL */
    struct endpoint endpoint;
    const char *hosts[2]; /* where credentials may go: the endpoint's host */
    struct credentials credentials;
    int64_t skew_ms; /* the service's clock less ours */
};

struct client_call {
    const char *target;
    const char *action; /* what a policy must allow: "cloudtrail:LookupEvents" */
    struct bytes body;
    size_t limit; /* of the answer */
};

/*
 * Finds endpoint and credentials; sends nothing. configured and ca_file may be
 * NULL. client->service, region and runtime come set. The caller clears.
 */
bool client_open(struct client *client, const char *configured, const char *ca_file,
                 struct error *err);
void client_clear(struct client *client);

/* True for a 2xx answer. Otherwise fault says what the service said, if it did. */
bool client_send(struct client *client, const struct client_call *call,
                 struct http_response *response, struct fault *fault, struct error *err);

#endif
