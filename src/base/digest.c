#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

void digest_sha256(struct bytes bytes, uint8_t out[DIGEST_SIZE])
{
    /* EVP_sha256() would look the algorithm up again at each call: one fetch a thread. */
    static _Thread_local EVP_MD *sha256;
    if (sha256 == NULL) {
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    }
    if (EVP_Digest(bytes.data, bytes.size, out, NULL, sha256, NULL) != 1) {
        abort(); /* no input can cause this: OpenSSL itself is broken */
    }
}

void digest_hex(struct bytes bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        out[2 * i] = digits[bytes.data[i] >> 4];
        out[2 * i + 1] = digits[bytes.data[i] & 0x0f];
    }
    out[2 * bytes.size] = '\0';
}
