#include "base/mem.h"
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_directory(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return true;
    }
    char *directory = mem_dup_bytes(path, (size_t)(slash - path));
    bool ok = mkdir(directory, 0700) == 0 || errno == EEXIST;
    if (!ok) {
        error_set(err, ERROR_CONFIG, "store %s: cannot make the directory %s: %s", path,
                  directory, strerror(errno));
    }
    free(directory);
    return ok;
}

/* Events are in it: nobody else may read them, nor move a mark. */
static bool check_mode(const char *path, bool *exists, struct error *err)
{
    struct stat found;
    *exists = stat(path, &found) == 0;
    if (!*exists) {
        return errno == ENOENT ||
               error_set(err, ERROR_CONFIG, "store %s: %s", path, strerror(errno));
    }
    if (S_ISDIR(found.st_mode)) {
        return error_set(err, ERROR_CONFIG, "store %s: is a directory; name a file in it",
                         path);
    }
    if (!S_ISREG(found.st_mode)) {
        return error_set(err, ERROR_CONFIG, "store %s: is not a file", path);
    }
    if ((found.st_mode & 077) != 0) {
        return error_set(err, ERROR_CONFIG,
                         "store %s: others may read or write it (mode %04o); run: "
                         "chmod 600 '%s'",
                         path, (unsigned)(found.st_mode & 07777), path);
    }
    return true;
}

bool sqlite_files_create(const char *path, struct error *err)
{
    /* SQLite gives its own files this one's mode. */
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return error_set(err, ERROR_CONFIG, "store %s: %s", path, strerror(errno));
    }
    close(file);
    return true;
}

bool sqlite_files_check(const char *path, bool *exists, struct error *err)
{
    static const char *const suffixes[] = {"-wal", "-shm"};
    bool ok = check_mode(path, exists, err);
    for (size_t i = 0; ok && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *file = mem_format("%s%s", path, suffixes[i]);
        bool is_there = false;
        ok = check_mode(file, &is_there, err);
        free(file);
    }
    return ok;
}

bool sqlite_files_ready(const char *path, struct error *err)
{
    bool exists = false;
    return make_directory(path, err) && sqlite_files_check(path, &exists, err) &&
           sqlite_files_create(path, err);
}
