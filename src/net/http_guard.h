/*
 * Where this program may talk to: https anywhere; http only to itself and to the
 * clouds' metadata addresses. Hosts are compared as parsed addresses, so that
 * 127.evil.example is a name like any other and no loopback.
 *
 * Errors: ERROR_CONFIG.
 */
#ifndef NET_HTTP_GUARD_H
#define NET_HTTP_GUARD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum http_peer {
    HTTP_PEER_PUBLIC,
    HTTP_PEER_LOOPBACK,   /* 127.0.0.0/8, ::1, and localhost, which http.c pins to them */
    HTTP_PEER_METADATA,   /* 169.254.169.254, 169.254.170.2, .23, fd00:ec2::23, ::254 */
    HTTP_PEER_LINK_LOCAL, /* the rest of 169.254.0.0/16, which no router passes on */
};

/* host as in a URL; an IPv6 address with or without its brackets. */
enum http_peer http_guard_peer(const char *host);

/* Is scheme fit for host? is_metadata: as of a request, http to LINK_LOCAL is. */
bool http_guard_scheme(const char *scheme, const char *host, bool is_metadata,
                       struct error *err);

/*
 * May a credential travel by scheme to host? Over http only to this machine; and a
 * metadata service's own token to a metadata address.
 */
bool http_guard_credential(const char *scheme, const char *host, bool is_metadata,
                           struct error *err);

/* Is host:port in hosts ("host", for port 443, or "host:port"; ends with NULL)? */
bool http_guard_listed(const char *host, const char *port, const char *const *hosts);

/* A name of token characters; a value without control characters other than tab. */
bool http_guard_header(const char *name, const char *value, struct error *err);

#endif
