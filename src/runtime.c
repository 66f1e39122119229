#include "runtime.h"

#include "base/timestamp.h"
#include "net/http.h"

#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MAX_MS = 1 << 30 }; /* poll counts in int */

/* Readable once a stop came, and for ever after, or while waits are interrupted. */
static atomic_int stop_fd = -1;
static atomic_bool is_stopped;
static atomic_bool is_interrupted;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static int64_t real_now_ms(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

static int64_t real_monotonic_ms(void *context)
{
    (void)context;
    return read_clock(CLOCK_MONOTONIC);
}

bool runtime_wait_for(int fd, int64_t ms)
{
    int64_t end_ms = real_monotonic_ms(NULL) + ms;
    while (!runtime_is_stopped()) {
        int64_t left_ms = end_ms - real_monotonic_ms(NULL);
        if (left_ms <= 0) {
            return true;
        }
        struct pollfd fds[] = {
            {.fd = atomic_load(&stop_fd), .events = POLLIN},
            {.fd = fd, .events = POLLIN}, /* poll leaves out what is negative */
        };
        poll(fds, 2, (int)(left_ms < WAIT_MAX_MS ? left_ms : WAIT_MAX_MS));
        if (fds[1].revents != 0) {
            return true;
        }
    }
    return false;
}

static bool real_wait(void *context, int64_t ms, struct error *err)
{
    (void)context;
    return runtime_wait_for(-1, ms) || error_set(err, ERROR_STOPPED, "stopped");
}

static void real_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    if (RAND_bytes(out, (int)size) != 1) {
        abort(); /* a nonce that can be guessed is worse than no program */
    }
}

static bool real_http(void *context, const struct http_request *request,
                      struct http_response *response, struct error *err)
{
    struct runtime runtime = {
        .context = context,
        .http = real_http,
        .now_ms = real_now_ms,
        .monotonic_ms = real_monotonic_ms,
        .wait = real_wait,
        .random = real_random,
    };
    return http_send(context, &runtime, request, response, err);
}

static void open_stop(void)
{
    atomic_store(&stop_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (atomic_load(&is_stopped)) {
        runtime_stop(); /* it came before there was anything to wake */
    }
}

void runtime_init(struct runtime *runtime)
{
    pthread_once(&once, open_stop);
    *runtime = (struct runtime){
        .context = http_new(),
        .http = real_http,
        .now_ms = real_now_ms,
        .monotonic_ms = real_monotonic_ms,
        .wait = real_wait,
        .random = real_random,
    };
}

void runtime_clear(struct runtime *runtime)
{
    http_free(runtime->context);
    *runtime = (struct runtime){0};
}

/* Wakes whoever waits. A signal handler calls it. */
static void wake_all(void)
{
    int saved = errno;
    uint64_t one = 1;
    int fd = atomic_load(&stop_fd);
    /* A write fails only when the counter is full: it is readable then already. */
    ssize_t written = fd < 0 ? 0 : write(fd, &one, sizeof(one));
    (void)written;
    errno = saved;
}

void runtime_stop(void)
{
    atomic_store(&is_stopped, true);
    wake_all();
}

void runtime_interrupt(void)
{
    atomic_store(&is_interrupted, true);
    wake_all();
}

bool runtime_resume(void)
{
    uint64_t count = 0;
    ssize_t taken = read(atomic_load(&stop_fd), &count, sizeof(count));
    (void)taken;
    atomic_store(&is_interrupted, false);
    if (atomic_load(&is_stopped)) {
        wake_all(); /* what woke for the stop was taken just now */
        return false;
    }
    return true;
}

bool runtime_is_stopped(void)
{
    return atomic_load(&is_stopped) || atomic_load(&is_interrupted);
}
