#include "net/basic.h"

#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *basic_encode(const char *user, const char *password)
{
    char *login = mem_format("%s:%s", user, password);
    size_t size = strlen(login);
    char *encoded = mem_alloc(4 * ((size + 2) / 3) + 1);
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)login, (int)size);
    OPENSSL_cleanse(login, size);
    free(login);
    return encoded;
}
