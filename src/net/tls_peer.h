/* What tls_peer.c knows of a peer and tls_link.c uses; nobody else includes this. */
#ifndef NET_TLS_PEER_H
#define NET_TLS_PEER_H

#include "net/tls_link.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

struct tls_peer {
    atomic_int owners;
    char *host;
    char *port;
    char *cert_file; /* for errors; NULL when there is none */
    char *fingerprint;
    bool is_fin_enough;
    SSL_CTX *context;
    pthread_mutex_t mutex;
    SSL_SESSION *session; /* of the last connection, to shorten the next; under mutex */
};

/* A handshake's state for a new connection, with what this peer must prove. */
SSL *tls_peer_begin(struct tls_peer *peer);
/* After the handshake: has the peer the certificate that is pinned? ERROR_CONFIG. */
bool tls_peer_check(const struct tls_peer *peer, const SSL *ssl, struct error *err);
/* Keeps what shortens the next handshake. */
void tls_peer_remember(struct tls_peer *peer, SSL *ssl);

#endif
