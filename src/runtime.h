/*
 * The way out of the process: HTTP, clocks, waiting and random numbers. Tests
 * give providers and sinks another one.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct http_request;
struct http_response;

struct runtime {
    void *context;
    /* Sends one request, repeating it as net/http.h says. */
    bool (*http)(void *context, const struct http_request *request,
                 struct http_response *response, struct error *err);
    /* This machine's wall clock; may be wrong, may jump. */
    int64_t (*now_ms)(void *context);
    /* A clock that never goes back, from an unknown start. */
    int64_t (*monotonic_ms)(void *context);
    /* Waits; false, ERROR_STOPPED, as soon as a stop comes. */
    bool (*wait)(void *context, int64_t ms, struct error *err);
    /* Unpredictable bytes, for jitter and nonces. */
    void (*random)(void *context, uint8_t *out, size_t size);
};

/*
 * The real one: this machine's clocks, and net/http.h over connections of its own,
 * so each thread has one. http_global_init comes first. The caller clears.
 */
void runtime_init(struct runtime *runtime);
void runtime_clear(struct runtime *runtime);

/*
 * Ends every wait of every real runtime, now and from now on. May be called from
 * a signal handler.
 */
void runtime_stop(void);
/*
 * Ends every wait as a stop does, until runtime_resume: for what is begun anew. Requests
 * in flight have the time that a stop leaves them.
 */
void runtime_interrupt(void);
/* Waits wait again. False: a stop came, and they never will. */
bool runtime_resume(void);
/* Whether no wait waits: by a stop, or until runtime_resume. */
bool runtime_is_stopped(void);
/*
 * Waits until fd is readable, ms are over, or a stop comes: then false. For a thread
 * that others wake; a runtime was initialised before.
 */
bool runtime_wait_for(int fd, int64_t ms);

#endif
