/*
 * Where Azure is: the public cloud, US Government and China have hosts of their own for
 * signing in (authority), Azure Resource Manager and Microsoft Graph.
 */
#ifndef AZURE_CLOUD_H
#define AZURE_CLOUD_H

#include <jansson.h>
#include <stdbool.h>

struct cloud {
    const char *name;       /* "public": what the setting "cloud" may say */
    const char *authority;  /* "https://login.microsoftonline.com" */
    const char *management; /* "https://management.azure.com": address and audience */
    const char *graph;      /* "https://graph.microsoft.com": address and audience */
};

/* Of the setting "cloud"; ends with NULL. */
extern const char *const cloud_names[];

/*
 * The cloud that settings name; else the one whose authority AZURE_AUTHORITY_HOST names;
 * else the public one. Never NULL.
 */
const struct cloud *cloud_find(const json_t *settings);
/* Does host, without scheme, sign people in to one of Microsoft's clouds? */
bool cloud_has_authority(const char *host);

#endif
