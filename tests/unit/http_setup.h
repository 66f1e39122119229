/*
 * What the tests of net/http.h share: connections, a clock that only waits move, and
 * the server that unit/http_server.py started.
 */
#ifndef HTTP_SETUP_H
#define HTTP_SETUP_H

#include "net/http.h"

enum { LIMIT = 1 << 16, SKIPPED = 77 };

/* A clock that only waits move, so that no test sleeps. */
struct clock {
    int64_t now_ms;
    int64_t waited_ms;
    int waits;
    bool is_stopped;
};

struct setup {
    struct clock clock;
    struct runtime runtime;
    struct http *http;
    struct http_response response;
    struct error err;
    char url[256];
};

void setup_open(struct setup *setup);
void setup_close(struct setup *setup);
/* The URL start:PORT/path, where port names a variable of http_server.py. */
void setup_url(struct setup *setup, const char *start, const char *port,
               const char *path);
/* A GET of the URL that was set. */
struct http_request setup_get(const struct setup *setup);
bool setup_send(struct setup *setup, const struct http_request *request);
/* Gets path from the server with the right certificate. */
bool setup_fetch(struct setup *setup, const char *path);
void setup_body_is(struct setup *setup, const char *text);

/* For a whole group of tests. */
int setup_start(void **state);
int setup_end(void **state);
/* Is the server there? */
bool setup_is_served(void);

#endif
