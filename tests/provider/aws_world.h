/*
 * A runtime for the tests of identities: answers by URL, from rows that a test sets,
 * under the real policy of net/http_retry.h and on a clock that only waits move.
 */
#ifndef AWS_WORLD_H
#define AWS_WORLD_H

#include "net/http.h"

#include <pthread.h>

enum { WORLD_RULES = 8, WORLD_SEEN = 64, WORLD_TEXT = 2048 };

/* Answers a request whose method, URL and body hold these; the first that fits. */
struct world_rule {
    const char *method; /* NULL: any */
    const char *url;
    const char *body;   /* NULL: any */
    const char *answer; /* "identity/..": a file under fixtures/aws; else the text */
    int status;         /* 0: 200 */
    enum error_kind fails;
    int times; /* used so often, then passed over; 0: always */
};

/* What was sent. */
struct world_request {
    char url[256];
    char body[WORLD_TEXT];
    char token[WORLD_TEXT];         /* X-Amz-Security-Token */
    char authorization[WORLD_TEXT]; /* Authorization, or a metadata token */
    bool is_metadata;
};

struct world {
    pthread_mutex_t lock;
    struct world_rule rules[WORLD_RULES];
    int used[WORLD_RULES];
    struct world_request seen[WORLD_SEEN];
    size_t seen_count;
    int64_t now_ms;
    int64_t date_off_ms; /* the cloud's clock less ours */
    int answer_wait_ms;  /* really waits, so that threads meet */
    struct runtime runtime;
};

/* Forgets every identity, and unsets every AWS_ variable but those of home. */
void world_init(struct world *world);
void world_clear(struct world *world);
/* How often something was asked whose URL or body holds text. */
size_t world_count(struct world *world, const char *text);

#endif
