/*
 * Whom TLS believes: one X509_STORE a CA file, parsed once and shared by every
 * connection of every thread. Parsing Debian's 145 certificates for each connection, as
 * libcurl does, costs 25 ms of CPU; sharing them, 1 ms a whole handshake.
 *
 * Errors: ERROR_CONFIG when the file cannot be read or holds no certificate.
 */
#ifndef NET_HTTP_TRUST_H
#define NET_HTTP_TRUST_H

#include "base/error.h"

#include <openssl/types.h>

/* The store of file, borrowed until http_trust_cleanup. Safe from any thread. */
X509_STORE *http_trust_find(const char *file, struct error *err);
/* No other thread may use a store now. */
void http_trust_cleanup(void);

#endif
