/*
 * SHA-256 and hexadecimal, on OpenSSL.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/bytes.h"

enum {
    DIGEST_SIZE = 32,
    DIGEST_HEX_SIZE = 2 * DIGEST_SIZE + 1, /* with its NUL */
    ID16_SIZE = 16, /* what the store keeps of an event id: half a digest */
};

void digest_sha256(struct bytes bytes, uint8_t out[DIGEST_SIZE]);
/* Lower case, NUL-terminated; out has room for 2 * bytes.size + 1. */
void digest_hex(struct bytes bytes, char *out);

#endif
