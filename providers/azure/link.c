#include "azure/link.h"

#include "base/buf.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

enum {
    LINK_MAX = 16 << 10,
    URL_MAX = 3 * (LINK_MAX + 1), /* every byte encoded */
};

/* The scheme and authority of a URL: up to its path. */
static size_t origin_size(const char *url)
{
    const char *host = strstr(url, "://");
    if (host == NULL) {
        return 0;
    }
    host += strlen("://");
    return (size_t)(host - url) + strcspn(host, "/?#");
}

/* https without its own port, which Azure writes at times. */
static size_t without_port(const char *url, size_t size)
{
    static const char port[] = ":443";
    const size_t port_size = sizeof(port) - 1;
    bool is_https = strncasecmp(url, "https://", strlen("https://")) == 0;
    bool ends = size > port_size && strncmp(url + size - port_size, port, port_size) == 0;
    return is_https && ends ? size - port_size : size;
}

static bool is_same_origin(const char *base, const char *link)
{
    size_t base_size = without_port(base, origin_size(base));
    size_t link_size = without_port(link, origin_size(link));
    return base_size > 0 && base_size == link_size &&
           strncasecmp(base, link, base_size) == 0;
}

char *link_follow(const char *base, const char *link, struct error *err)
{
    if (strlen(link) > LINK_MAX) {
        error_set(err, ERROR_DATA, "nextLink is longer than %d bytes", (int)LINK_MAX);
        return NULL;
    }
    if (!is_same_origin(base, link)) {
        error_set(err, ERROR_DATA,
                  "nextLink leads away from %s; it was not followed, and no token went "
                  "there",
                  base);
        return NULL;
    }
    struct buf url;
    buf_init(&url, URL_MAX);
    for (const char *at = link; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte <= ' ' || byte >= 0x7f) {
            buf_addf(&url, "%%%02X", (unsigned)byte);
        } else {
            buf_add_byte(&url, byte);
        }
    }
    char *text = mem_dup(buf_text(&url));
    buf_clear(&url);
    return text;
}
