/*
 * Whether a URL may be sent events and credentials: https, or http to this
 * machine alone.
 */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

/* What to change about url, "must ..."; NULL when it may be used. Never quotes it. */
const char *url_fault(const char *url);

#endif
