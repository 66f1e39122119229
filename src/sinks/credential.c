#include "sinks/credential.h"

#include "base/bytes.h"
#include "base/mem.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILE_SIZE_MAX = 64 << 10 };

struct credential {
    pthread_mutex_t mutex;
    struct secret secret;
    char *file; /* NULL: secret is what the configuration says */
    uint64_t stamp;
};

struct credential *credential_new(const char *text, const char *file)
{
    if (text == NULL && file == NULL) {
        return NULL;
    }
    struct credential *credential = mem_new(1, sizeof(*credential));
    pthread_mutex_init(&credential->mutex, NULL);
    credential->file = file == NULL ? NULL : mem_dup(file);
    if (file == NULL) {
        secret_set(&credential->secret, text);
    }
    return credential;
}

void credential_free(struct credential *credential)
{
    if (credential != NULL) {
        pthread_mutex_destroy(&credential->mutex);
        secret_clear(&credential->secret);
        free(credential->file);
        free(credential);
    }
}

bool credential_is_file(const struct credential *credential)
{
    return credential != NULL && credential->file != NULL;
}

uint64_t credential_stamp(const char *file)
{
    struct stat found;
    if (file == NULL || stat(file, &found) != 0) {
        return 0;
    }
    const uint64_t parts[] = {(uint64_t)found.st_ino, (uint64_t)found.st_size,
                              (uint64_t)found.st_mtim.tv_sec,
                              (uint64_t)found.st_mtim.tv_nsec};
    uint64_t stamp = 1;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        stamp = stamp * UINT64_C(0x9E3779B97F4A7C15) + parts[i];
    }
    return stamp;
}

/* At most one byte more than allowed, which shows that the file is too large. */
static bool read_whole(const char *file, char *text, size_t *size, struct error *err)
{
    FILE *stream = fopen(file, "rbe");
    *size = stream == NULL ? 0 : fread(text, 1, FILE_SIZE_MAX + 1, stream);
    bool ok = stream != NULL && ferror(stream) == 0;
    if (!ok) {
        error_set(err, ERROR_CONFIG, "%s cannot be read: %s", file, strerror(errno));
    }
    if (stream != NULL) {
        fclose(stream);
    }
    return ok;
}

static bool read_file(struct credential *credential, struct error *err)
{
    const char *file = credential->file;
    char *text = mem_alloc(FILE_SIZE_MAX + 2);
    size_t size = 0;
    bool ok = read_whole(file, text, &size, err);
    if (ok && size > FILE_SIZE_MAX) {
        ok = error_set(err, ERROR_CONFIG, "%s is larger than 64 KiB", file);
    }
    size -= ok && size > 0 && text[size - 1] == '\n' ? 1 : 0;
    text[size] = '\0';
    if (ok && (size == 0 || strlen(text) != size)) {
        ok = error_set(err, ERROR_CONFIG, "%s is empty or no text", file);
    }
    if (ok) {
        secret_set(&credential->secret, text);
    }
    OPENSSL_cleanse(text, FILE_SIZE_MAX + 2);
    free(text);
    return ok;
}

bool credential_get(struct credential *credential, bool is_refused, struct secret *secret,
                    struct error *err)
{
    bool ok = true;
    pthread_mutex_lock(&credential->mutex);
    uint64_t stamp = credential_stamp(credential->file);
    if (credential->file != NULL && (is_refused || stamp != credential->stamp ||
                                     !secret_is_set(&credential->secret))) {
        ok = read_file(credential, err);
        credential->stamp = ok ? stamp : credential->stamp;
        /* Between the old file and the new one, the old secret may still be good. */
        ok = ok || (!is_refused && secret_is_set(&credential->secret));
    }
    if (ok) {
        secret_set(secret, secret_reveal(&credential->secret));
    }
    pthread_mutex_unlock(&credential->mutex);
    return ok;
}
