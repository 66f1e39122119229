#include "net/http_trust.h"

#include "base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct trust {
    struct trust *next;
    char *file;
    X509_STORE *store;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct trust *trusts;

static X509_STORE *load(const char *file, struct error *err)
{
    if (access(file, R_OK) != 0) {
        error_set(err, ERROR_CONFIG, "CA file %s: %s", file, strerror(errno));
        return NULL;
    }
    X509_STORE *store = X509_STORE_new();
    if (store == NULL || X509_STORE_load_file(store, file) != 1) {
        error_set(err, ERROR_CONFIG, "CA file %s: holds no PEM certificate", file);
        X509_STORE_free(store);
        ERR_clear_error();
        return NULL;
    }
    /* As curl does: a CA file may name an intermediate instead of its root. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    return store;
}

X509_STORE *http_trust_find(const char *file, struct error *err)
{
    pthread_mutex_lock(&mutex);
    struct trust *trust = trusts;
    while (trust != NULL && strcmp(trust->file, file) != 0) {
        trust = trust->next;
    }
    if (trust == NULL) {
        X509_STORE *store = load(file, err);
        if (store != NULL) {
            trust = mem_new(1, sizeof(*trust));
            trust->file = mem_dup(file);
            trust->store = store;
            trust->next = trusts;
            trusts = trust;
        }
    }
    pthread_mutex_unlock(&mutex);
    return trust == NULL ? NULL : trust->store;
}

void http_trust_cleanup(void)
{
    while (trusts != NULL) {
        struct trust *next = trusts->next;
        X509_STORE_free(trusts->store);
        free(trusts->file);
        free(trusts);
        trusts = next;
    }
}
