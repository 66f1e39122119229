#include "gcp/adc_host.h"

#include "base/mem.h"
#include "net/http_guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789.-[]:";

/* The part between scheme and path; no user, no escape, no backslash is let through. */
static char *authority_of(const char *url, const char *scheme)
{
    size_t skip = strlen(scheme);
    if (strncmp(url, scheme, skip) != 0) {
        return NULL;
    }
    size_t size = strspn(url + skip, letters);
    char end = url[skip + size];
    bool is_whole = size > 0 && (end == '\0' || end == '/' || end == '?');
    return is_whole ? mem_dup_bytes(url + skip, size) : NULL;
}

char *adc_host_of(const char *url)
{
    return authority_of(url, "https://");
}

static bool ends_with(const char *host, const char *universe)
{
    size_t size = strlen(host);
    size_t end = strlen(universe);
    return size > end + 1 && host[size - end - 1] == '.' &&
           strcasecmp(host + size - end, universe) == 0;
}

static bool is_listed(const char *host, const json_t *hosts)
{
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        if (strcasecmp(json_string_value(json_array_get(hosts, i)), host) == 0) {
            return true;
        }
    }
    return false;
}

bool adc_host_check(const char *name, const char *url, const char *universe,
                    const json_t *hosts, struct error *err)
{
    char *host = adc_host_of(url);
    if (host == NULL) {
        return error_set(err, ERROR_CONFIG, "%s must be an https URL", name);
    }
    bool ok = ends_with(host, universe) || is_listed(host, hosts) ||
              error_set(err, ERROR_CONFIG,
                        "%s is at %s, which is not under %s; if it is meant, list it in "
                        "credential_hosts",
                        name, host, universe);
    free(host);
    return ok;
}

bool adc_host_is_local(const char *url)
{
    char *host = authority_of(url, "http://");
    host = host == NULL ? adc_host_of(url) : host;
    if (host == NULL) {
        return false;
    }
    char *port = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
    if (port != NULL) {
        port[host[0] == '[' ? 1 : 0] = '\0';
    }
    bool is_local = http_guard_peer(host) != HTTP_PEER_PUBLIC;
    free(host);
    return is_local;
}
