/*
 * Google's REST APIs, asked with an access token of the source's identity:
 *
 *   POST /v2/entries:list HTTP/1.1
 *   Host: logging.googleapis.com
 *   Content-Type: application/json
 *   X-Goog-User-Project: quota-project          (when one is configured)
 *   Authorization: Bearer ...
 *
 * A token that was refused (401) is fetched anew, once each call. A 429 is waited out
 * until the minute is over, because that is what Google counts by; what it says of the
 * quota is kept.
 *
 * Errors: those of net/http.h and gcp/adc.h; ERROR_DENIED and ERROR_CONFIG with what to
 * do about it; ERROR_TOO_BIG when the service had no time to search (HTTP 504).
 */
#ifndef GCP_GOOGLE_H
#define GCP_GOOGLE_H

#include "gcp/adc.h"
#include "net/http.h"

struct google {
    const struct runtime *runtime; /* borrowed */
    struct adc *adc;
    char *base;     /* "https://logging.googleapis.com", without a slash behind it */
    char *hosts[2]; /* where the token may go: base's host */
    char *ca_file;  /* or NULL */
    double allowed_per_second; /* by the quota that Google last named; 0: none yet */
};

struct google_call {
    const char *path;    /* "/v2/entries:list" */
    struct bytes body;   /* empty: GET; else POST */
    const char *denied;  /* what to do when this identity may not */
    size_t limit;        /* of the answer */
    int64_t patience_ms; /* for all tries; 0: as long as it takes */
};

/* service: "logging", which endpoints may lead elsewhere. Sends nothing. The caller
 * clears, also after a failure. */
bool google_open(struct google *google, const char *service, const json_t *settings,
                 const struct runtime *runtime, struct error *err);
void google_clear(struct google *google);

/* True for a 200 with JSON. On a failure response->status may say more. */
bool google_send(struct google *google, const struct google_call *call,
                 struct http_response *response, struct error *err);

#endif
