#include "base/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads until the end; the room for all of it is there, so that no copy is left behind.
 */
static bool read_all(int fd, struct buf *file, struct error *err)
{
    size_t limit = file->limit;
    uint8_t *room = buf_reserve(file, limit);
    for (;;) {
        ssize_t got = read(fd, room + file->size, limit - file->size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_set(err, ERROR_CONFIG, "%s", strerror(errno));
        }
        file->size += (size_t)got;
        if (got == 0 && file->size < limit) {
            return true;
        }
        if (file->size == limit) {
            return error_set(err, ERROR_CONFIG, "it has %zu bytes or more", limit);
        }
    }
}

bool key_file_read(const char *path, struct buf *file, struct error *err)
{
    struct stat status;
    /* A path may lead through the links of a Kubernetes volume, never to a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return error_set(err, ERROR_CONFIG, "%s", strerror(errno));
    }
    bool ok = fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
                  ? read_all(fd, file, err)
                  : error_set(err, ERROR_CONFIG, "it is not a file");
    close(fd);
    return ok;
}

void key_file_clear(struct buf *file)
{
    if (file->data != NULL) {
        OPENSSL_cleanse(file->data, file->capacity);
    }
    buf_clear(file);
}
