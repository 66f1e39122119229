#include "azure/cloud.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct cloud clouds[] = {
    {"public", "https://login.microsoftonline.com", "https://management.azure.com",
     "https://graph.microsoft.com"},
    {"us-government", "https://login.microsoftonline.us",
     "https://management.usgovcloudapi.net", "https://graph.microsoft.us"},
    {"us-government-dod", "https://login.microsoftonline.us",
     "https://management.usgovcloudapi.net", "https://dod-graph.microsoft.us"},
    {"china", "https://login.partner.microsoftonline.cn",
     "https://management.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"},
};
enum { CLOUDS = sizeof(clouds) / sizeof(clouds[0]) };

const char *const cloud_names[] = {"public", "us-government", "us-government-dod",
                                   "china", NULL};

/* Every host by which MSAL knows a cloud that is open; the first of each is preferred. */
static const struct authority {
    const char *host;
    const struct cloud *cloud;
} authorities[] = {
    {"login.microsoftonline.com", &clouds[0]},
    {"login.windows.net", &clouds[0]},
    {"login.microsoft.com", &clouds[0]},
    {"sts.windows.net", &clouds[0]},
    {"login.microsoftonline.us", &clouds[1]},
    {"login.usgovcloudapi.net", &clouds[1]},
    {"login.partner.microsoftonline.cn", &clouds[3]},
    {"login.chinacloudapi.cn", &clouds[3]},
};

static const struct authority *find_authority(const char *host, size_t size)
{
    for (size_t i = 0; i < sizeof(authorities) / sizeof(authorities[0]); i++) {
        if (strlen(authorities[i].host) == size &&
            strncasecmp(authorities[i].host, host, size) == 0) {
            return &authorities[i];
        }
    }
    return NULL;
}

bool cloud_has_authority(const char *host)
{
    return find_authority(host, strlen(host)) != NULL;
}

const struct cloud *cloud_find(const json_t *settings)
{
    const char *name = json_string_value(json_object_get(settings, "cloud"));
    for (size_t i = 0; name != NULL && i < CLOUDS; i++) {
        if (strcmp(clouds[i].name, name) == 0) {
            return &clouds[i];
        }
    }
    const char *url = getenv("AZURE_AUTHORITY_HOST");
    const char *host = url == NULL ? NULL : strstr(url, "://");
    if (host == NULL) {
        return &clouds[0];
    }
    host += strlen("://");
    const struct authority *authority = find_authority(host, strcspn(host, "/"));
    return authority == NULL ? &clouds[0] : authority->cloud;
}
