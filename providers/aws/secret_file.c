#include "aws/secret_file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads up to size bytes; less is the file's end, -1 an error. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, out + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static bool take(const char *file, char *text, size_t size, struct secret *secret,
                 struct error *err)
{
    static const char blank[] = " \t\r\n";
    if (strlen(text) != size) {
        return error_set(err, ERROR_CONFIG, "%s: has a NUL byte in it", file);
    }
    char *start = text + strspn(text, blank);
    size_t length = strlen(start);
    while (length > 0 && strchr(blank, start[length - 1]) != NULL) {
        start[--length] = '\0';
    }
    if (length == 0) {
        return error_set(err, ERROR_CONFIG, "%s: is empty; a token was expected", file);
    }
    for (const char *at = start; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            return error_set(err, ERROR_CONFIG,
                             "%s: has a line break or control character inside its token",
                             file);
        }
    }
    secret_set(secret, start);
    return true;
}

bool secret_file_read(const char *file, size_t limit, struct secret *secret,
                      struct error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set(err, ERROR_CONFIG, "%s: %s", file, strerror(errno));
    }
    char *text = mem_new(limit + 2, 1);
    ssize_t size = read_all(fd, text, limit + 1);
    int why = errno;
    close(fd);
    bool ok = false;
    if (size < 0) {
        error_set(err, ERROR_CONFIG, "%s: %s", file, strerror(why));
    } else if ((size_t)size > limit) {
        error_set(err, ERROR_CONFIG, "%s: is larger than %zu bytes", file, limit);
    } else {
        ok = take(file, text, (size_t)size, secret, err);
    }
    OPENSSL_cleanse(text, limit + 2);
    free(text);
    return ok;
}
