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

bool secret_file_load(const char *file, size_t limit, struct secret *secret,
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
    } else if (strlen(text) != (size_t)size) {
        error_set(err, ERROR_CONFIG, "%s: has a NUL byte in it", file);
    } else {
        secret_set(secret, text);
        ok = true;
    }
    OPENSSL_cleanse(text, limit + 2);
    free(text);
    return ok;
}

bool secret_file_read(const char *file, size_t limit, struct secret *secret,
                      struct error *err)
{
    static const char blank[] = " \t\r\n";
    struct secret whole = {0};
    if (!secret_file_load(file, limit, &whole, err)) {
        return false;
    }
    const char *start = secret_reveal(&whole);
    start += strspn(start, blank);
    size_t size = strlen(start);
    while (size > 0 && strchr(blank, start[size - 1]) != NULL) {
        size--;
    }
    bool ok = true;
    for (size_t i = 0; i < size; i++) {
        ok = ok && (unsigned char)start[i] >= ' ' && start[i] != 0x7f;
    }
    if (size == 0) {
        ok = error_set(err, ERROR_CONFIG, "%s: is empty; a token was expected", file);
    } else if (!ok) {
        error_set(err, ERROR_CONFIG,
                  "%s: has a line break or control character inside its token", file);
    } else {
        char *text = mem_dup_bytes(start, size);
        secret_set(secret, text);
        OPENSSL_cleanse(text, size);
        free(text);
    }
    secret_clear(&whole);
    return ok;
}
