/*
 * One AWS service in one region: signs calls of its JSON or Query protocol, keeps the
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
 * or, for a call without target (STS, EC2), the Query protocol, answered in XML:
 *
 *   Content-Type: application/x-www-form-urlencoded; charset=utf-8
 *
 *   Action=AssumeRole&Version=2011-06-15&RoleArn=...
 *
 * or, for a call with headers of its own, as S3 and search domains have it:
 *
 *   PUT /bucket/key.ndjson.gz
 *   If-None-Match: *
 *
 * An expired credential is renewed, and a signature refused while the clocks are more
 * than four minutes apart is made again with the service's time: once each call.
 *
 * Errors: those of net/http.h and identity.h; ERROR_DENIED with what to do about it;
 * ERROR_CONFIG for any other refusal.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/endpoint.h"
#include "aws/fault.h"
#include "aws/identity.h"

struct client_call;

enum { CLIENT_HEADERS_MAX = 10 };

struct client {
    const struct runtime *runtime; /* borrowed */
    const char *service;           /* a constant: "cloudtrail" */
    char *region;
    char *ca_file; /* or NULL */
    struct endpoint endpoint;
    const char *hosts[2];      /* where credentials may go: the endpoint's host */
    struct identity *identity; /* borrowed; NULL: credentials are the caller's, as is */
    struct credentials credentials;
    int64_t skew_ms;                /* the service's clock less ours */
    bool is_expired;                /* the last answer called the credentials expired */
    const struct client_call *call; /* the one under way */
};

struct client_call {
    const char *target; /* NULL: Query protocol */
    const char *action; /* what a policy must allow: "cloudtrail:LookupEvents" */
    const char *remedy; /* when it is denied; NULL: "allow it in its IAM policy" */
    struct bytes body;
    size_t limit; /* of the answer */
    bool is_unsigned;
    const char *method; /* NULL: POST */
    const char *path;   /* behind the endpoint's '/', percent-encoded; NULL: none */
    const struct http_header *headers; /* in place of the protocol's; at most
                                          CLIENT_HEADERS_MAX; NULL: the protocol's */
    size_t header_count;
    const char *body_sha256; /* in hex, where it is known already; NULL */
    int64_t deadline_ms;     /* on the monotonic clock; 0: none */
    bool is_object; /* S3's rules of signing: the path as it is, the body's hash sent */
};

/*
 * Finds endpoint and identity, and gets its credentials, which may ask STS. settings
 * (those of identity.h) and configured (a URL) may be NULL. client->service, region and
 * runtime come set. The caller clears, also on failure.
 */
bool client_open(struct client *client, const json_t *settings, const char *configured,
                 struct error *err);
/*
 * The same for client->identity, which comes set; or, where it is NULL, with whatever
 * credentials the caller puts into the client.
 */
bool client_open_as(struct client *client, const char *configured, const char *ca_file,
                    struct error *err);
void client_clear(struct client *client);

/* True for a 2xx answer. Otherwise fault says what the service said, if it did. */
bool client_send(struct client *client, const struct client_call *call,
                 struct http_response *response, struct fault *fault, struct error *err);

/* Appends "&name=value", percent-encoded, to a Query body; without '&' to an empty one.
 */
void client_add_parameter(struct buf *body, const char *name, const char *value);

#endif
