/*
 * The certificate by which an application proves who it is, with its RSA key: a PEM
 * file that holds both in any order, the key encrypted or not, or a PFX (PKCS #12).
 *
 * Entra ID knows RSA signatures only, so an EC key is refused here and not there.
 *
 * Errors: ERROR_CONFIG, which names the file and what to do, and never shows a password.
 */
#ifndef AZURE_CERTIFICATE_H
#define AZURE_CERTIFICATE_H

#include "base/error.h"
#include "base/secret.h"

#include <openssl/x509.h>
#include <stdint.h>

enum { CERTIFICATE_RSA_BITS_MIN = 2048 };

struct certificate {
    EVP_PKEY *key;
    X509 *leaf;             /* the certificate of key */
    STACK_OF(X509) * chain; /* the others, as they stand in the file */
    int64_t not_after_ms;
};

/* password may be empty. The caller frees. */
bool certificate_load(const char *path, const struct secret *password,
                      struct certificate **certificate, struct error *err);
void certificate_free(struct certificate *certificate);

#endif
