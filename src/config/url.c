#include "config/url.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 253, PORT_MAX = 65535, LOOPBACK_NET = 127 };

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

static bool has_refused_byte(const char *url)
{
    for (const char *at = url; *at != '\0'; at++) {
        uint8_t byte = (uint8_t)*at;
        if (byte <= ' ' || byte >= 0x7f || byte == '\\' || byte == '#') {
            return true;
        }
    }
    return false;
}

/* "[::1]" is copied as "::1". False when no host stands there. */
static bool read_host(const char **at, char host[HOST_MAX + 1])
{
    bool is_bracketed = **at == '[';
    const char *start = *at + (is_bracketed ? 1 : 0);
    size_t size = strspn(start, is_bracketed ? "0123456789abcdefABCDEF:." : HOST_BYTES);
    if (size == 0 || size > HOST_MAX || (is_bracketed && start[size] != ']')) {
        return false;
    }
    memcpy(host, start, size);
    host[size] = '\0';
    *at = start + size + (is_bracketed ? 1 : 0);

    struct in6_addr address;
    return !is_bracketed || inet_pton(AF_INET6, host, &address) == 1;
}

static bool read_port(const char **at)
{
    if (**at != ':') {
        return true;
    }
    const char *digit = *at + 1;
    int port = 0;
    for (; *digit >= '0' && *digit <= '9' && port <= PORT_MAX; digit++) {
        port = port * 10 + (*digit - '0');
    }
    *at = digit;
    return port >= 1 && port <= PORT_MAX;
}

/* Compared as addresses: "127.0.0.1.example.com" is somebody else's machine. */
static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == LOOPBACK_NET;
    }
    if (inet_pton(AF_INET6, host, &six) == 1) {
        return memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
    }
    return strcasecmp(host, "localhost") == 0;
}

const char *url_fault(const char *url)
{
    bool is_https = strncasecmp(url, "https://", strlen("https://")) == 0;
    bool is_http = strncasecmp(url, "http://", strlen("http://")) == 0;
    if (!is_https && !is_http) {
        return "must be a URL such as https://logs.example.com:9200/path";
    }
    if (has_refused_byte(url)) {
        return "must be a URL without spaces, control characters, \"\\\" and \"#\"";
    }
    const char *at = strstr(url, "://") + strlen("://");
    if (memchr(at, '@', strcspn(at, "/?")) != NULL) {
        return "must not hold a user or password; use the settings for credentials";
    }
    char host[HOST_MAX + 1];
    if (!read_host(&at, host) || !read_port(&at) || strchr("/?", *at) == NULL) {
        return "must name a host, and a port from 1 to 65535 if one is given";
    }
    if (is_http && !is_loopback(host)) {
        return "must begin with https://; plain http is allowed only to this machine";
    }
    return NULL;
}

bool url_split(const char *url, struct url_origin *origin)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? "" : host + strlen("://");
    size_t size = strcspn(host, "/?#");
    const char *rest = host + size;
    if (size == 0 || memchr(host, '@', size) != NULL ||
        (rest[0] != '\0' && strcmp(rest, "/") != 0)) {
        return false;
    }
    *origin = (struct url_origin){(size_t)(rest - url), host, size};
    return true;
}
