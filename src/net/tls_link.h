/*
 * One TLS connection that is written to and then ended with an answer: close-notify as a
 * barrier. The peer has read everything once it has answered ours with its own
 * (RFC 5425 4.4, RFC 8446 6.1); a connection that merely ends proves nothing, for a
 * killed process ends it too.
 *
 * No call waits beyond its deadline or a stop.
 */
#ifndef NET_TLS_LINK_H
#define NET_TLS_LINK_H

#include "base/bytes.h"
#include "runtime.h"

#include <stdbool.h>

struct tls_peer; /* where to, whom to believe and what to show; shared by threads */

struct tls_peer_options {
    const char *host;
    const char *port;
    const char *ca_file;   /* PEM; NULL: the system's */
    const char *cert_file; /* PEM to show, with its chain; NULL: none */
    const char *key_file;  /* NULL: in cert_file */
    /* SHA-256 of the peer's certificate in hex, believed in place of name and chain
     * (RFC 5425 4.2.2); NULL: name and chain. */
    const char *fingerprint;
    /* An end without close_notify is good enough: some receivers never send one. */
    bool is_fin_enough;
};

/* Copies options and reads their files. ERROR_CONFIG names the file. */
bool tls_peer_new(const struct tls_peer_options *options, struct tls_peer **peer,
                  struct error *err);
/* Another owner; each frees it. */
struct tls_peer *tls_peer_share(struct tls_peer *peer);
/* NULL is accepted. */
void tls_peer_free(struct tls_peer *peer);

struct tls_link;

struct tls_wait {
    const struct runtime *runtime;
    int64_t deadline_ms; /* on the monotonic clock */
};

/* ERROR_UNREACHABLE; ERROR_CONFIG when the peer's certificate is not believed or ours is
 * refused; ERROR_STOPPED. The caller closes *link. */
bool tls_link_open(struct tls_peer *peer, const struct tls_wait *wait,
                   struct tls_link **link, struct error *err);
bool tls_link_write(struct tls_link *link, const struct tls_wait *wait,
                    struct bytes bytes, struct error *err);
/* True once the peer has answered that it has read everything. */
bool tls_link_finish(struct tls_link *link, const struct tls_wait *wait,
                     struct error *err);
/* NULL is accepted. */
void tls_link_close(struct tls_link *link);

#endif
