/*
 * Preloaded into the program by tests/e2e: its monotonic clock runs FASTTIME times
 * as fast, and its waits are as much shorter. So request budgets, backoff and turns
 * are those of the shipped program, and a scripted day passes in minutes. Its wall
 * clock is WALL_OFFSET_S seconds off this machine's: that of the scripted day, or wrong.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, MS_PER_S = 1000, KERNEL_SIGSET_SIZE = 8 };
static const long long NS_PER_S = 1000000000;

static long long read_setting(const char *name, long long fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoll(text, NULL, 10);
}

static long long factor(void)
{
    static long long cached;
    if (cached == 0) {
        long long value = read_setting("FASTTIME", 1);
        cached = value < 1 ? 1 : value;
    }
    return cached;
}

static struct timespec shorter(const struct timespec *wait)
{
    long long ns = (wait->tv_sec * NS_PER_S + wait->tv_nsec) / factor();
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
                        clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME)) {
        long long seconds = now->tv_sec * factor();
        long long ns = now->tv_nsec * factor();
        now->tv_sec = seconds + ns / NS_PER_S;
        now->tv_nsec = ns % NS_PER_S;
    }
    if (result == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += read_setting("WALL_OFFSET_S", 0);
    }
    return (int)result;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
          const sigset_t *mask)
{
    struct timespec less = wait == NULL ? (struct timespec){0} : shorter(wait);
    return (int)syscall(SYS_ppoll, fds, count, wait == NULL ? NULL : &less, mask,
                        KERNEL_SIGSET_SIZE);
}

int poll(struct pollfd *fds, nfds_t count, int wait_ms)
{
    struct timespec wait = {.tv_sec = wait_ms / MS_PER_S,
                            .tv_nsec = (long)(wait_ms % MS_PER_S) * NS_PER_MS};
    return ppoll(fds, count, wait_ms < 0 ? NULL : &wait, NULL);
}

int nanosleep(const struct timespec *wait, struct timespec *left)
{
    struct timespec less = shorter(wait);
    return (int)syscall(SYS_nanosleep, &less, left);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wait,
                    struct timespec *left)
{
    if (flags != 0) {
        return EINVAL; /* nobody here waits for a moment */
    }
    struct timespec less = shorter(wait);
    return syscall(SYS_clock_nanosleep, clock, flags, &less, left) == 0 ? 0 : errno;
}
