/*
 * Preloaded into the program by the kill suite: every sync of a file takes some
 * milliseconds, as on a real disk, so that kills hit what happens around it.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SYNC_NS = 8 * 1000 * 1000 };

static void be_slow(void)
{
    struct timespec wait = {.tv_nsec = SYNC_NS};
    syscall(SYS_nanosleep, &wait, NULL); /* not nanosleep(): fasttime.c shortens that */
}

int fsync(int fd)
{
    be_slow();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    be_slow();
    return (int)syscall(SYS_fdatasync, fd);
}
