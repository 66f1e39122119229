#include "metrics/textfile.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE = 0644, LINE_MAX_SIZE = 4096 };

static bool write_all(int file, struct bytes text)
{
    size_t done = 0;
    while (done < text.size) {
        ssize_t written = write(file, text.data + done, text.size - done);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        done += written < 0 ? 0 : (size_t)written;
    }
    return true;
}

/* node_exporter passes over what does not end in ".prom". */
static char *beside(const char *path)
{
    return mem_format("%s.%ld.new", path, (long)getpid());
}

bool textfile_write(const char *path, struct bytes text, struct error *err)
{
    char *fresh = beside(path);
    unlink(fresh); /* of a process that had this number and was killed */
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    /* fchmod: whatever the umask says. */
    bool ok = file >= 0 && fchmod(file, MODE) == 0 && write_all(file, text);
    int cause = errno;
    if (file >= 0) {
        bool closed = close(file) == 0;
        cause = ok && !closed ? errno : cause;
        ok = ok && closed;
    }
    if (ok && rename(fresh, path) != 0) {
        cause = errno;
        ok = false;
    }
    if (!ok) {
        unlink(fresh);
        error_set(err, ERROR_STATE, "%s: %s", path, strerror(cause));
    }
    free(fresh);
    return ok;
}

bool textfile_find(const char *path, const char *name, double *value)
{
    char line[LINE_MAX_SIZE];
    size_t size = strlen(name);
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
        char *end = NULL;
        if (strncmp(line, name, size) == 0 && line[size] == ' ') {
            *value = strtod(line + size + 1, &end);
            found = *end == '\n';
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}
