#include "net/http_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HOST_SIZE = 256,         /* a DNS name has at most 253 bytes */
    LINK_LOCAL_NET = 0xa9fe, /* 169.254.0.0/16 */
};

static const char *const metadata4[] = {"169.254.169.254", "169.254.170.2",
                                        "169.254.170.23"};
static const char *const metadata6[] = {"fd00:ec2::23", "fd00:ec2::254"};

/* Copies host without the brackets of an IPv6 address. */
static bool bare_host(const char *host, char out[HOST_SIZE])
{
    size_t size = strlen(host);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    }
    if (size == 0 || size >= HOST_SIZE) {
        return false;
    }
    memcpy(out, host, size);
    out[size] = '\0';
    return true;
}

static enum http_peer peer4(const struct in_addr *address)
{
    if (ntohl(address->s_addr) >> 24 == IN_LOOPBACKNET) {
        return HTTP_PEER_LOOPBACK;
    }
    for (size_t i = 0; i < sizeof(metadata4) / sizeof(metadata4[0]); i++) {
        struct in_addr known;
        if (inet_pton(AF_INET, metadata4[i], &known) == 1 &&
            known.s_addr == address->s_addr) {
            return HTTP_PEER_METADATA;
        }
    }
    return ntohl(address->s_addr) >> 16 == LINK_LOCAL_NET ? HTTP_PEER_LINK_LOCAL
                                                          : HTTP_PEER_PUBLIC;
}

static enum http_peer peer6(const struct in6_addr *address)
{
    if (IN6_IS_ADDR_LOOPBACK(address)) {
        return HTTP_PEER_LOOPBACK;
    }
    for (size_t i = 0; i < sizeof(metadata6) / sizeof(metadata6[0]); i++) {
        struct in6_addr known;
        if (inet_pton(AF_INET6, metadata6[i], &known) == 1 &&
            memcmp(&known, address, sizeof(known)) == 0) {
            return HTTP_PEER_METADATA;
        }
    }
    return HTTP_PEER_PUBLIC;
}

enum http_peer http_guard_peer(const char *host)
{
    char bare[HOST_SIZE];
    struct in_addr address4;
    struct in6_addr address6;
    if (!bare_host(host, bare)) {
        return HTTP_PEER_PUBLIC;
    }
    if (inet_pton(AF_INET, bare, &address4) == 1) {
        return peer4(&address4);
    }
    if (inet_pton(AF_INET6, bare, &address6) == 1) {
        return peer6(&address6);
    }
    return strcasecmp(bare, "localhost") == 0 ? HTTP_PEER_LOOPBACK : HTTP_PEER_PUBLIC;
}

bool http_guard_scheme(const char *scheme, const char *host, bool is_metadata,
                       struct error *err)
{
    if (strcmp(scheme, "https") == 0) {
        return true;
    }
    if (strcmp(scheme, "http") != 0) {
        return error_set(err, ERROR_CONFIG, "scheme \"%s\": only https is allowed",
                         scheme);
    }
    enum http_peer peer = http_guard_peer(host);
    if (peer == HTTP_PEER_PUBLIC || (peer == HTTP_PEER_LINK_LOCAL && !is_metadata)) {
        return error_set(err, ERROR_CONFIG,
                         "http is allowed only to this machine, use https");
    }
    return true;
}

bool http_guard_credential(const char *scheme, const char *host, bool is_metadata,
                           struct error *err)
{
    enum http_peer peer = http_guard_peer(host);
    if (strcmp(scheme, "https") == 0 || peer == HTTP_PEER_LOOPBACK ||
        (is_metadata && peer != HTTP_PEER_PUBLIC)) {
        return true;
    }
    return error_set(err, ERROR_CONFIG, "a credential is not sent over http");
}

bool http_guard_listed(const char *host, const char *port, const char *const *hosts)
{
    char with_port[HOST_SIZE + 8];
    snprintf(with_port, sizeof(with_port), "%s:%s", host, port);
    for (size_t i = 0; hosts[i] != NULL; i++) {
        bool is_default = strcmp(port, "443") == 0 && strcasecmp(hosts[i], host) == 0;
        if (is_default || strcasecmp(hosts[i], with_port) == 0) {
            return true;
        }
    }
    return false;
}

bool http_guard_header(const char *name, const char *value, struct error *err)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (name[0] == '\0' || strspn(name, token) != strlen(name)) {
        return error_set(err, ERROR_CONFIG, "a header's name holds a forbidden byte");
    }
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return error_set(err, ERROR_CONFIG,
                             "header %s: a line break or control character in its value",
                             name);
        }
    }
    return true;
}
