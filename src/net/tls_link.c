#include "net/tls_link.h"

#include "base/mem.h"
#include "net/tls_peer.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLICE_MS = 100, REST_SIZE = 4096 };

struct tls_link {
    struct tls_peer *peer;
    int fd;
    SSL *ssl;
};

static bool unreachable(const struct tls_link *link, const char *what, const char *why,
                        struct error *err)
{
    return error_set(err, ERROR_UNREACHABLE, "%s port %s: %s: %s", link->peer->host,
                     link->peer->port, what, why);
}

/* Waits until fd is ready for events; in slices, since a stop does not wake poll. */
static bool wait_ready(const struct tls_link *link, const struct tls_wait *wait,
                       short events, const char *what, struct error *err)
{
    const struct runtime *runtime = wait->runtime;
    struct pollfd ready = {.fd = link->fd, .events = events};
    for (;;) {
        int64_t left_ms = wait->deadline_ms - runtime->monotonic_ms(runtime->context);
        if (left_ms <= 0) {
            return unreachable(link, what, "no answer in time", err);
        }
        if (!runtime->wait(runtime->context, 0, err)) {
            return false;
        }
        if (poll(&ready, 1, left_ms < SLICE_MS ? (int)left_ms : SLICE_MS) > 0) {
            return true;
        }
    }
}

static bool connect_to(struct tls_link *link, const struct addrinfo *address,
                       const struct tls_wait *wait, struct error *err)
{
    int problem = 0;
    int on = 1;
    socklen_t size = sizeof(problem);
    link->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                      address->ai_protocol);
    if (link->fd < 0) {
        return unreachable(link, "no socket", strerror(errno), err);
    }
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(link->fd, address->ai_addr, address->ai_addrlen) != 0 &&
        errno != EINPROGRESS) {
        return unreachable(link, "cannot connect", strerror(errno), err);
    }
    if (!wait_ready(link, wait, POLLOUT, "cannot connect", err)) {
        return false;
    }
    getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
    return problem == 0 || unreachable(link, "cannot connect", strerror(problem), err);
}

/* Each address of the host in turn. */
static bool connect_any(struct tls_link *link, const struct tls_wait *wait,
                        struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(link->peer->host, link->peer->port, &hints, &found);
    if (code != 0) {
        return unreachable(link, "its name cannot be resolved", gai_strerror(code), err);
    }
    bool ok = false;
    for (const struct addrinfo *one = found; !ok && one != NULL; one = one->ai_next) {
        if (link->fd >= 0) {
            close(link->fd);
        }
        ok = connect_to(link, one, wait, err);
    }
    freeaddrinfo(found);
    return ok;
}

/* Why a step of TLS failed: the certificate, the peer's alert, or the connection. */
static bool tls_failed(const struct tls_link *link, int kind, const char *what,
                       struct error *err)
{
    int saved = errno;
    unsigned long code = ERR_peek_last_error();
    long verify = SSL_get_verify_result(link->ssl);
    const char *reason = ERR_reason_error_string(code);
    ERR_clear_error();
    if (verify != X509_V_OK && link->peer->fingerprint == NULL) {
        return error_set(err, ERROR_CONFIG, "%s port %s: its certificate: %s",
                         link->peer->host, link->peer->port,
                         X509_verify_cert_error_string(verify));
    }
    /* Alerts from the peer are 1000 and their number: RFC 8446 6. */
    bool is_alert = kind == SSL_ERROR_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
    if (is_alert) {
        return error_set(err, ERROR_CONFIG, "%s port %s: %s: %s%s", link->peer->host,
                         link->peer->port, what, reason,
                         link->peer->cert_file == NULL ? "; does it want a client_cert?"
                                                       : "");
    }
    const char *why = reason != NULL ? reason
                      : saved != 0   ? strerror(saved)
                                     : "it closed the connection";
    return unreachable(link, what, why, err);
}

/* After step returned result: waits for what it wants. False: it failed. */
static bool go_on(const struct tls_link *link, const struct tls_wait *wait, int result,
                  const char *what, struct error *err)
{
    int kind = SSL_get_error(link->ssl, result);
    if (kind == SSL_ERROR_WANT_READ) {
        return wait_ready(link, wait, POLLIN, what, err);
    }
    if (kind == SSL_ERROR_WANT_WRITE) {
        return wait_ready(link, wait, POLLOUT, what, err);
    }
    return tls_failed(link, kind, what, err);
}

static bool shake_hands(struct tls_link *link, const struct tls_wait *wait,
                        struct error *err)
{
    static const char what[] = "no TLS handshake";
    link->ssl = tls_peer_begin(link->peer);
    SSL_set_fd(link->ssl, link->fd);
    for (;;) {
        errno = 0;
        int result = SSL_connect(link->ssl);
        if (result == 1) {
            return tls_peer_check(link->peer, link->ssl, err);
        }
        if (!go_on(link, wait, result, what, err)) {
            return false;
        }
    }
}

bool tls_link_open(struct tls_peer *peer, const struct tls_wait *wait,
                   struct tls_link **link, struct error *err)
{
    struct tls_link *opened = mem_new(1, sizeof(*opened));
    *opened = (struct tls_link){.peer = peer, .fd = -1};
    if (!connect_any(opened, wait, err) || !shake_hands(opened, wait, err)) {
        tls_link_close(opened);
        return false;
    }
    *link = opened;
    return true;
}

bool tls_link_write(struct tls_link *link, const struct tls_wait *wait,
                    struct bytes bytes, struct error *err)
{
    while (bytes.size > 0) {
        int size = bytes.size < INT_MAX ? (int)bytes.size : INT_MAX;
        errno = 0;
        int written = SSL_write(link->ssl, bytes.data, size);
        if (written > 0) {
            bytes.data += written;
            bytes.size -= (size_t)written;
        } else if (!go_on(link, wait, written, "it stopped reading", err)) {
            return false;
        }
    }
    return true;
}

/* Reads to the end of what the peer says, which means nothing here. */
static bool await_end(struct tls_link *link, const struct tls_wait *wait,
                      struct error *err)
{
    uint8_t rest[REST_SIZE];
    for (;;) {
        errno = 0;
        int got = SSL_read(link->ssl, rest, sizeof(rest));
        if (got > 0) {
            continue;
        }
        int kind = SSL_get_error(link->ssl, got);
        if (kind == SSL_ERROR_ZERO_RETURN) {
            return true;
        }
        if (kind == SSL_ERROR_SSL &&
            ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            ERR_clear_error();
            return unreachable(link, "it ended the connection without close_notify",
                               "nobody knows what it read; see accept_fin", err);
        }
        if (!go_on(link, wait, got, "it does not answer close_notify", err)) {
            return false;
        }
    }
}

/* Sends our close_notify; *is_answered when the peer's has come already. */
static bool say_goodbye(struct tls_link *link, const struct tls_wait *wait,
                        bool *is_answered, struct error *err)
{
    for (;;) {
        errno = 0;
        int result = SSL_shutdown(link->ssl);
        if (result >= 0) {
            *is_answered = result == 1;
            return true;
        }
        if (!go_on(link, wait, result, "close_notify cannot be sent", err)) {
            return false;
        }
    }
}

bool tls_link_finish(struct tls_link *link, const struct tls_wait *wait,
                     struct error *err)
{
    bool is_answered = false;
    bool ok = say_goodbye(link, wait, &is_answered, err) &&
              (is_answered || await_end(link, wait, err));
    if (ok) {
        tls_peer_remember(link->peer, link->ssl);
    }
    return ok;
}

void tls_link_close(struct tls_link *link)
{
    if (link != NULL) {
        SSL_free(link->ssl);
        if (link->fd >= 0) {
            close(link->fd);
        }
        free(link);
    }
}
