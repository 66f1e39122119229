/*
 * What a Google API said was wrong: google.rpc.Status in JSON, with its ErrorInfo.
 *
 *   {"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":
 *    "type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED",
 *    "metadata":{"consumer":"projects/1","quota_limit_value":"60"}}]}}
 *
 * Every text is made of letters that a log may show, or empty; its message, which may
 * quote the request, is not read.
 */
#ifndef GCP_PROBLEM_H
#define GCP_PROBLEM_H

#include "net/http.h"

enum { PROBLEM_TEXT_SIZE = 128 };

struct problem {
    char status[PROBLEM_TEXT_SIZE];     /* "PERMISSION_DENIED" */
    char reason[PROBLEM_TEXT_SIZE];     /* "SERVICE_DISABLED" */
    char service[PROBLEM_TEXT_SIZE];    /* "logging.googleapis.com" */
    char consumer[PROBLEM_TEXT_SIZE];   /* "projects/1" */
    char permission[PROBLEM_TEXT_SIZE]; /* "logging.logEntries.list" */
    int64_t quota_a_minute;             /* 0: it did not say */
};

void problem_read(const struct http_response *response, struct problem *problem);

/* Is it about a name that was asked for, denied to us or absent, and not about who pays,
 * the token or the request? */
bool problem_is_of_names(const struct http_response *response);
/* Adds to err, of a 429, whose quota is used up and what to do. Always false. */
bool problem_exhausted(const struct problem *problem, struct error *err);

/*
 * Turns a refusal into an error that says what to do; denied is what to do where only
 * this identity's rights are short. Always false.
 */
bool problem_refuse(const struct http_response *response, const char *denied,
                    struct error *err);

#endif
