#include "store/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STAT_SIZE = 1024,
    STATE_FIELD = 3, /* proc(5): 1 is the pid, 2 the name in brackets */
    STARTED_FIELD = 22,
};

/* The start of a small file; "" when it cannot be read. */
static void read_start(const char *path, char *text, size_t size)
{
    size_t used = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t got = read(file, text, size - 1);
        used = got > 0 ? (size_t)got : 0;
        close(file);
    }
    text[used] = '\0';
    text[strcspn(text, "\n")] = '\0';
}

/* When pid was started, in ticks since boot; 0: unknown; -1: it has ended. */
static int64_t started_of(int64_t pid)
{
    char path[64];
    char text[STAT_SIZE];
    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    read_start(path, text, sizeof(text));

    /* The name may hold brackets and spaces: fields are counted from the last one. */
    const char *at = strrchr(text, ')');
    for (int field = STATE_FIELD; at != NULL && field <= STARTED_FIELD; field++) {
        at = strchr(at + 1, ' ');
        if (at != NULL && field == STATE_FIELD && (at[1] == 'Z' || at[1] == 'X')) {
            return -1;
        }
    }
    return at == NULL ? 0 : strtoll(at, NULL, 10);
}

void owner_self(struct owner *owner)
{
    char boot[64];
    char space[128];
    *owner = (struct owner){.pid = getpid()};
    owner->started = started_of(owner->pid);
    if (gethostname(owner->host, sizeof(owner->host) - 1) != 0) {
        snprintf(owner->host, sizeof(owner->host), "unknown host");
    }

    read_start("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
    ssize_t size = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
    if (boot[0] != '\0' && size > 0) {
        space[size] = '\0';
        snprintf(owner->scope, sizeof(owner->scope), "%s %s", boot, space);
    }
}

bool owner_is_gone(const struct owner *owner, const struct owner *self)
{
    if (self->scope[0] == '\0' || strcmp(owner->scope, self->scope) != 0 ||
        owner->pid <= 0) {
        return false;
    }
    if (kill((pid_t)owner->pid, 0) != 0 && errno == ESRCH) {
        return true;
    }
    int64_t started = started_of(owner->pid);
    return started == -1 ||
           (started > 0 && owner->started > 0 && started != owner->started);
}
