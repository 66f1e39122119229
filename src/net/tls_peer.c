#include "net/tls_peer.h"

#include "base/digest.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What OpenSSL says of its last failure; the queue is then empty. */
static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason == NULL ? "unknown reason" : reason;
}

static bool load_trust(SSL_CTX *context, const struct tls_peer_options *options,
                       struct error *err)
{
    if (options->fingerprint != NULL) {
        return true; /* the certificate itself is known */
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    int ok = options->ca_file == NULL
                 ? SSL_CTX_set_default_verify_paths(context)
                 : SSL_CTX_load_verify_file(context, options->ca_file);
    return ok == 1 ||
           error_set(err, ERROR_CONFIG, "ca_file %s: %s",
                     options->ca_file == NULL ? "" : options->ca_file, openssl_reason());
}

static bool load_own(SSL_CTX *context, const struct tls_peer_options *options,
                     struct error *err)
{
    if (options->cert_file == NULL) {
        return true;
    }
    const char *key = options->key_file == NULL ? options->cert_file : options->key_file;
    if (SSL_CTX_use_certificate_chain_file(context, options->cert_file) != 1) {
        return error_set(err, ERROR_CONFIG, "client_cert %s: %s", options->cert_file,
                         openssl_reason());
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return error_set(err, ERROR_CONFIG, "client_key %s: %s", key, openssl_reason());
    }
    return true;
}

bool tls_peer_new(const struct tls_peer_options *options, struct tls_peer **peer,
                  struct error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return error_set(err, ERROR_CONFIG, "TLS: %s", openssl_reason());
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
    if (options->is_fin_enough) {
        SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    }
    if (!load_trust(context, options, err) || !load_own(context, options, err)) {
        SSL_CTX_free(context);
        return false;
    }
    struct tls_peer *made = mem_new(1, sizeof(*made));
    *made = (struct tls_peer){
        .owners = 1,
        .host = mem_dup(options->host),
        .port = mem_dup(options->port),
        .cert_file = options->cert_file == NULL ? NULL : mem_dup(options->cert_file),
        .fingerprint =
            options->fingerprint == NULL ? NULL : mem_dup(options->fingerprint),
        .is_fin_enough = options->is_fin_enough,
        .context = context,
    };
    pthread_mutex_init(&made->mutex, NULL);
    *peer = made;
    return true;
}

struct tls_peer *tls_peer_share(struct tls_peer *peer)
{
    atomic_fetch_add(&peer->owners, 1);
    return peer;
}

void tls_peer_free(struct tls_peer *peer)
{
    if (peer != NULL && atomic_fetch_sub(&peer->owners, 1) == 1) {
        SSL_SESSION_free(peer->session);
        SSL_CTX_free(peer->context);
        pthread_mutex_destroy(&peer->mutex);
        free(peer->host);
        free(peer->port);
        free(peer->cert_file);
        free(peer->fingerprint);
        free(peer);
    }
}

static bool is_address(const char *host)
{
    struct in6_addr out;
    return inet_pton(AF_INET, host, &out) == 1 || inet_pton(AF_INET6, host, &out) == 1;
}

SSL *tls_peer_begin(struct tls_peer *peer)
{
    SSL *ssl = SSL_new(peer->context);
    if (is_address(peer->host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peer->host);
    } else {
        SSL_set1_host(ssl, peer->host);
        SSL_set_tlsext_host_name(ssl, peer->host);
    }
    pthread_mutex_lock(&peer->mutex);
    if (peer->session != NULL) {
        SSL_set_session(ssl, peer->session);
    }
    pthread_mutex_unlock(&peer->mutex);
    return ssl;
}

bool tls_peer_check(const struct tls_peer *peer, const SSL *ssl, struct error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char hex[DIGEST_HEX_SIZE];
    if (peer->fingerprint == NULL) {
        return true;
    }
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == NULL ||
        X509_digest(certificate, EVP_sha256(), digest, &size) != 1) {
        return error_set(err, ERROR_CONFIG, "%s shows no certificate", peer->host);
    }
    digest_hex((struct bytes){digest, size}, hex);
    return strcasecmp(hex, peer->fingerprint) == 0 ||
           error_set(err, ERROR_CONFIG, "%s shows another certificate: its SHA-256 is %s",
                     peer->host, hex);
}

void tls_peer_remember(struct tls_peer *peer, SSL *ssl)
{
    SSL_SESSION *session = SSL_get1_session(ssl);
    if (session == NULL || SSL_SESSION_is_resumable(session) != 1) {
        SSL_SESSION_free(session);
        return;
    }
    pthread_mutex_lock(&peer->mutex);
    SSL_SESSION *old = peer->session;
    peer->session = session;
    pthread_mutex_unlock(&peer->mutex);
    SSL_SESSION_free(old);
}
