#include "base/secret.h"

#include "base/mem.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

void secret_set(struct secret *secret, const char *text)
{
    char *copy = mem_dup(text);
    secret_clear(secret);
    secret->text = copy;
}

void secret_clear(struct secret *secret)
{
    if (secret->text != NULL) {
        OPENSSL_cleanse(secret->text, strlen(secret->text));
        free(secret->text);
        secret->text = NULL;
    }
}

bool secret_is_set(const struct secret *secret)
{
    return secret->text != NULL && secret->text[0] != '\0';
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->text == NULL ? "" : secret->text;
}
