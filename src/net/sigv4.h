/*
 * AWS Signature Version 4: who signed what, when, for which service.
 *
 *   Authorization: AWS4-HMAC-SHA256
 *     Credential=AKID/20260101/eu-west-2/cloudtrail/aws4_request,
 *     SignedHeaders=content-type;host;x-amz-date, Signature=5da7...
 *
 * or, presigned, the same in the query: X-Amz-Algorithm=...&X-Amz-Signature=...
 * libcurl's own signer is not used: Debian 12's passes 28 of AWS's 38 cases.
 */
#ifndef NET_SIGV4_H
#define NET_SIGV4_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/secret.h"
#include "base/timestamp.h"
#include "net/http.h"

struct sigv4_key {
    const struct secret *access_key_id;
    const struct secret *secret_access_key;
    const struct secret *session_token; /* NULL or empty: none */
    const char *region;
    const char *service;
    bool is_single;  /* the path is taken as it is sent (S3), not encoded once more */
    bool normalise;  /* the path loses "." and ".." first; never for S3 */
    bool sign_body;  /* send x-amz-content-sha256, which S3 requires */
    bool omit_token; /* the token is sent, not signed */
};

struct sigv4_request {
    const char *method;
    const char *path;                  /* as in the URL, without the query */
    const char *query;                 /* as in the URL, without '?'; "" for none */
    const struct http_header *headers; /* Host among them, unless ignored by name */
    size_t header_count;
    struct bytes body;
    const char *body_sha256; /* in hex, where it is known already; NULL: it is computed */
};

/* What was signed, step by step, and what to send. All but tokens may be shown. */
struct sigv4_result {
    struct buf canonical;
    struct buf to_sign;
    char signature[DIGEST_HEX_SIZE];
    char date[TIMESTAMP_TEXT_SIZE];    /* X-Amz-Date */
    char body_sha256[DIGEST_HEX_SIZE]; /* X-Amz-Content-Sha256, when sign_body */
    struct buf authorization;          /* sigv4_sign */
    struct buf query;                  /* sigv4_presign: the whole new query */
};

/*
 * Signs by header. The caller sends result's authorization and date, and where they
 * apply its body_sha256 and key's session token (X-Amz-Security-Token). result
 * arrives zeroed; the caller clears.
 */
void sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *request,
                int64_t now_ms, struct sigv4_result *result);
/* Signs by query, good for expires_s seconds. The caller clears result. */
void sigv4_presign(const struct sigv4_key *key, const struct sigv4_request *request,
                   int64_t now_ms, int expires_s, struct sigv4_result *result);
/* Wipes and releases. */
void sigv4_result_clear(struct sigv4_result *result);

#endif
