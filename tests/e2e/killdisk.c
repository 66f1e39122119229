/*
 * Preloaded into the program by the kill suite: kills it in the middle of what it does
 * to one of its files.
 *
 *   KILL_FILE  how the file's path ends: "events.ndjson", "state.db-wal"
 *   KILL_CALL  "write": half of the bytes get there; "sync": before the disk has
 *              them; "synced": right after
 *   KILL_NTH   at which of these calls, from 1
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static bool is_target(int fd)
{
    const char *wanted = getenv("KILL_FILE");
    char link[64];
    char path[PATH_SIZE];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = wanted == NULL ? -1 : readlink(link, path, sizeof(path));
    size_t tail = wanted == NULL ? 0 : strlen(wanted);
    return size >= (ssize_t)tail && memcmp(path + size - tail, wanted, tail) == 0;
}

/* True when this is the call to die at. */
static bool is_time(int fd, const char *call)
{
    static atomic_int count;
    const char *wanted = getenv("KILL_CALL");
    const char *nth = getenv("KILL_NTH");
    return wanted != NULL && nth != NULL && strcmp(wanted, call) == 0 && is_target(fd) &&
           atomic_fetch_add(&count, 1) + 1 == (int)strtol(nth, NULL, 10);
}

static void die(void)
{
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (is_time(fd, "write")) {
        syscall(SYS_write, fd, bytes, size / 2);
        die();
    }
    return syscall(SYS_write, fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    if (is_time(fd, "write")) {
        syscall(SYS_pwrite64, fd, bytes, size / 2, at);
        die();
    }
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return pwrite64(fd, bytes, size, at);
}

static int sync_with(long number, int fd)
{
    if (is_time(fd, "sync")) {
        die();
    }
    int result = (int)syscall(number, fd);
    if (is_time(fd, "synced")) {
        die();
    }
    return result;
}

int fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}
