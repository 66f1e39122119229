/*
 * Whether a URL may be sent events and credentials: https, or http to this
 * machine alone.
 */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include <stdbool.h>
#include <stddef.h>

/* What to change about url, "must ..."; NULL when it may be used. Never quotes it. */
const char *url_fault(const char *url);

/* What a URL says before its path: size bytes of scheme, host and port. */
struct url_origin {
    size_t size;
    const char *host; /* and port, if one is given; points into the URL */
    size_t host_size;
};

/* False when url has more than that and one slash, or names a user. */
bool url_split(const char *url, struct url_origin *origin);

#endif
