#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
    PIECE = 4096,
    REAP_MS = 10, /* how often to look whether a program that closed its output ended */
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Starts argv with its output in write_fd; 0, or what is wrong. */
static int start(const char *const *argv, int write_fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, write_fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    /* posix_spawn changes none of argv's texts; its type is older than const. */
    int code =
        posix_spawnp(pid, argv[0], &files, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* Reads until the program closes its output. */
static bool read_output(int fd, int64_t end_ms, struct buf *out, const char *name,
                        struct error *err)
{
    for (;;) {
        int64_t left_ms = end_ms - monotonic_ms();
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0) {
            return error_set(err, ERROR_UNREACHABLE, "%s: took too long", name);
        }
        if (poll(&ready, 1, (int)left_ms) <= 0) {
            continue;
        }
        uint8_t piece[PIECE];
        ssize_t size = read(fd, piece, sizeof(piece));
        if (size == 0) {
            return true;
        }
        if (size > 0 && !buf_add(out, piece, (size_t)size)) {
            return error_set(err, ERROR_TOO_BIG, "%s: printed more than %zu bytes", name,
                             out->limit);
        }
        if (size < 0 && errno != EINTR) {
            return error_set(err, ERROR_UNREACHABLE, "%s: %s", name, strerror(errno));
        }
    }
}

/* Waits for its end until end_ms. */
static bool reap(pid_t pid, int64_t end_ms, int *status)
{
    for (;;) {
        pid_t done = waitpid(pid, status, WNOHANG);
        if (done == pid) {
            return true;
        }
        if (monotonic_ms() >= end_ms || (done < 0 && errno != EINTR)) {
            return false;
        }
        poll(NULL, 0, REAP_MS);
    }
}

/* What the program left behind in its group is ours to reap where we are the first
   process of a container; elsewhere it is init's, and there is nothing to wait for. */
static void reap_orphans(pid_t group, bool is_killed)
{
    while (waitpid(-group, NULL, is_killed ? 0 : WNOHANG) > 0) {
    }
}

static bool judge(int status, const char *name, struct error *err)
{
    if (WIFSIGNALED(status)) {
        return error_set(err, ERROR_CONFIG, "%s: was killed by signal %d", name,
                         WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        return error_set(err, ERROR_CONFIG,
                         "%s: ended with status %d; run it by hand to see why", name,
                         WEXITSTATUS(status));
    }
    return true;
}

bool process_run(const char *const *argv, int timeout_ms, struct buf *out,
                 struct error *err)
{
    int64_t end_ms = monotonic_ms() + timeout_ms;
    int ends[2];
    pid_t pid = 0;
    int status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set(err, ERROR_UNREACHABLE, "%s: %s", argv[0], strerror(errno));
    }
    int code = start(argv, ends[1], &pid);
    close(ends[1]);
    if (code != 0) {
        close(ends[0]);
        return error_set(err, ERROR_CONFIG, "%s: cannot be run: %s", argv[0],
                         strerror(code));
    }

    bool ok = read_output(ends[0], end_ms, out, argv[0], err);
    close(ends[0]);
    bool is_reaped = ok && reap(pid, end_ms, &status);
    if (ok && !is_reaped) {
        ok = error_set(err, ERROR_UNREACHABLE, "%s: took too long", argv[0]);
    }
    if (!is_reaped) {
        kill(-pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    reap_orphans(pid, !is_reaped);
    return ok && judge(status, argv[0], err);
}
