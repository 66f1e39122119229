/*
 * What an AWS service says when it refuses: the code in a JSON error's "__type",
 * which may wear a namespace in front ("com.amazonaws#Code") and a link behind
 * ("Code:http://..."), or "Code" in an XML error; and what it means to a caller.
 * Throttling comes as HTTP 400, so the code alone says it. The message is never kept: it
 * quotes the request.
 */
#ifndef AWS_FAULT_H
#define AWS_FAULT_H

#include "net/http.h"

enum { FAULT_CODE_SIZE = 64 };

enum fault_kind {
    FAULT_OTHER,
    FAULT_THROTTLED, /* or passing: the same request later */
    FAULT_EXPIRED,   /* the credential is no longer, or not yet, known */
    FAULT_SIGNATURE, /* wrong key, or clocks apart */
    FAULT_DENIED,    /* known, and not allowed */
};

struct fault {
    char code[FAULT_CODE_SIZE]; /* "ThrottlingException"; "" when there was none */
    enum fault_kind kind;
};

/* Reads the refusal out of response. */
struct fault fault_read(const struct http_response *response);

#endif
