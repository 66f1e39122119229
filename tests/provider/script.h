/*
 * A runtime that answers from a script: recorded bodies under the real policy of
 * net/http_retry.h, on a clock that only waits move.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "net/http.h"

enum { SCRIPT_REQUESTS = 80, SCRIPT_TEXT = 2048 };

struct step {
    const char *file; /* under fixtures, or fixtures/aws/lookup; NULL: no body */
    int status;       /* 0: 200 */
    enum error_kind fails;
    int64_t date_ms;
    const char *error_type;
    const char *content_type;
    int64_t retry_after_ms;
    int64_t reads_left;
};

/* What one try sent. */
struct sent {
    char url[SCRIPT_TEXT];
    char body[SCRIPT_TEXT];
    char date[64];  /* X-Amz-Date */
    char token[64]; /* X-Amz-Security-Token */
    char authorization[512];
    int64_t waited_ms; /* before this try, since the one before */
};

struct script {
    const struct step *steps;
    size_t step_count;
    size_t next;
    struct sent sent[SCRIPT_REQUESTS];
    size_t sent_count;
    char url[256];
    char credential_host[256];
    int64_t now_ms;
    int64_t waited_ms;
    struct runtime runtime;
};

/* Borrows steps. A request beyond them fails the test. */
void script_init(struct script *script, const struct step *steps, size_t count);

#endif
