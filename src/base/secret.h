/*
 * A credential. It has no printing function, is wiped when cleared, and is
 * read only through secret_reveal, a word that a reviewer can search for.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>

struct secret {
    char *text; /* private: NUL-terminated; NULL when empty */
};

/* Replaces what secret holds with a copy of text. */
void secret_set(struct secret *secret, const char *text);
/* Wipes and releases. Accepts an all-zero secret. */
void secret_clear(struct secret *secret);
bool secret_is_set(const struct secret *secret);
/* Borrowed until the secret changes; "" when empty. */
const char *secret_reveal(const struct secret *secret);

#endif
