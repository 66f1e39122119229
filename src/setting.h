/*
 * A key of the configuration as a provider or sink declares it: what may be set, and what
 * the program checks before use.
 */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>
#include <stdint.h>

enum setting_type {
    SETTING_END,
    SETTING_TEXT,
    SETTING_PATH,     /* relative to the configuration file */
    SETTING_SECRET,   /* never printed */
    SETTING_URL,      /* https, or http to loopback */
    SETTING_BOOL,     /* JSON true or false after checking */
    SETTING_INTEGER,  /* min..max */
    SETTING_DECIMAL,  /* "0.45": above 0, at most max; a JSON real after checking */
    SETTING_SIZE,     /* "100MiB", to bytes */
    SETTING_DURATION, /* "90s", "15m", "24h", "7d", to ms */
    SETTING_CHOICE,   /* one of choices */
    SETTING_LIST,     /* texts */
    SETTING_MAP,      /* texts by free names */
};

struct setting {
    const char *name;
    enum setting_type type;
    bool is_required;
    const char *fallback; /* as it would be written; NULL: absent when not given */
    int64_t min;          /* INTEGER, SIZE (bytes), DURATION (ms); both 0: any above 0 */
    int64_t max;
    const char *const *choices; /* CHOICE, ends with NULL */
    const char *pattern; /* TEXT and LIST: each may hold only these bytes, "a-z0-9-" */
    const char *help;    /* one sentence for docs and errors */
};

#endif
