#include "aws/endpoint.h"

#include "aws/partition.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/url.h"

#include <stdlib.h>
#include <string.h>

/* The endpoint that the environment names, or NULL. */
static const char *environment(const char *service, char **variable)
{
    *variable = mem_format("AWS_ENDPOINT_URL_%s", service);
    for (char *at = *variable; *at != '\0'; at++) {
        *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
    }
    const char *url = getenv(*variable);
    if (url == NULL || url[0] == '\0') {
        free(*variable);
        *variable = mem_dup("AWS_ENDPOINT_URL");
        url = getenv(*variable);
    }
    return url == NULL || url[0] == '\0' ? NULL : url;
}

/* Splits url; it may have a path of one slash and nothing more. */
static bool take_url(const char *url, struct endpoint *endpoint, struct error *err)
{
    struct url_origin origin;
    if (!url_split(url, &origin)) {
        return error_set(err, ERROR_CONFIG,
                         "endpoint: must be like https://host[:port], without a path");
    }
    bool is_https = strncmp(url, "https://", strlen("https://")) == 0;
    size_t named = origin.host_size;
    if (is_https && named > 4 && strncmp(origin.host + named - 4, ":443", 4) == 0) {
        named -= 4; /* libcurl leaves the default port out of Host, so must we */
    }
    endpoint->host = mem_dup_bytes(origin.host, named);
    endpoint->url = mem_format("%.*s/", (int)origin.size, url);
    return true;
}

static void take_region(const char *service, const char *region, bool is_fips,
                        struct endpoint *endpoint)
{
    const struct partition *partition = partition_of(region);
    endpoint->host = mem_format("%s%s.%s.%s", service,
                                is_fips && !partition->has_plain_fips ? "-fips" : "",
                                region, partition->suffix);
    endpoint->url = mem_format("https://%s/", endpoint->host);
}

char *endpoint_configured(const char *service, const char *region, const json_t *settings)
{
    const json_t *urls = json_object_get(settings, "endpoints");
    const char *url = json_string_value(json_object_get(urls, service));
    if (url == NULL && strcmp(service, "cloudtrail") == 0) {
        url = json_string_value(json_object_get(settings, "endpoint"));
    }
    if (url != NULL) {
        return mem_dup(url);
    }
    if (!json_is_true(json_object_get(settings, "fips"))) {
        return NULL;
    }
    struct endpoint endpoint;
    take_region(service, region, true, &endpoint);
    free(endpoint.host);
    return endpoint.url;
}

bool endpoint_find(const char *service, const char *region, const char *configured,
                   struct endpoint *endpoint, struct error *err)
{
    *endpoint = (struct endpoint){0};
    if (configured != NULL) {
        return take_url(configured, endpoint, err);
    }
    char *variable = NULL;
    const char *url = environment(service, &variable);
    bool ok = true;
    if (url != NULL) {
        ok = take_url(url, endpoint, err) || error_context(err, "%s", variable);
        if (ok) {
            log_write_once_take(LOG_WARN, LOG_CONFIG_WARNING,
                                json_pack("{s:s, s:s, s:s}", "reason",
                                          "the environment says where AWS is", "variable",
                                          variable, "endpoint", endpoint->url));
        }
    } else {
        take_region(service, region, false, endpoint);
    }
    free(variable);
    return ok;
}

void endpoint_clear(struct endpoint *endpoint)
{
    free(endpoint->url);
    free(endpoint->host);
    *endpoint = (struct endpoint){0};
}
