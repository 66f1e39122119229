/*
 * Numbers as operators write them: "50", "100MiB", "15m".
 */
#ifndef CONFIG_AMOUNT_H
#define CONFIG_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum amount_kind {
    AMOUNT_NUMBER,
    AMOUNT_SIZE,     /* B, KiB, MiB, GiB; in bytes */
    AMOUNT_DURATION, /* s, m, h, d; in milliseconds */
};

/* Reads the whole of text; false when it is not of that form or does not fit. */
bool amount_parse(enum amount_kind kind, const char *text, int64_t *amount);
/* As one would write it, in the largest unit that is exact. The caller frees. */
char *amount_format(enum amount_kind kind, int64_t amount);
/* The wanted form, for errors: "a duration such as 90s, 15m, 24h or 7d". */
const char *amount_form(enum amount_kind kind);

#endif
