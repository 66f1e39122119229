/*
 * One of Azure's REST APIs: Azure Resource Manager or Microsoft Graph, asked with a
 * token of the source's identity.
 *
 *   GET /subscriptions/.../values?api-version=2015-04-01&$filter=... HTTP/1.1
 *   Host: management.azure.com
 *   Accept: application/json
 *   Authorization: Bearer ...
 *
 * A token that was refused (401) is fetched anew, once each call. When Azure Resource
 * Manager says that few reads are left, the next call waits.
 *
 * Errors: those of net/http.h and identity.h; ERROR_DENIED, ERROR_CONFIG with what to do
 * about it; ERROR_TOO_BIG when the service itself gave up on a request (HTTP 500, 504).
 */
#ifndef AZURE_API_H
#define AZURE_API_H

#include "azure/identity.h"
#include "net/http.h"

enum api_kind { API_MANAGEMENT, API_GRAPH };

struct api {
    enum api_kind kind;
    const struct runtime *runtime; /* borrowed */
    struct identity *identity;
    char *base;     /* "https://management.azure.com", without a slash behind it */
    char *audience; /* whose token: that of the cloud, wherever base leads */
    char *hosts[2]; /* where the token may go: base's host */
    char *ca_file;  /* or NULL */
    int64_t reads_left;
};

struct api_call {
    const char *url;
    const char *denied; /* what to do when this identity may not: "grant it Reader" */
    size_t limit;       /* of the answer */
    bool is_first;      /* false: behind a nextLink */
};

/* Rows that every provider of Azure has in its settings. */
#define API_SETTINGS                                                                     \
    {.name = "endpoint",                                                                 \
     .type = SETTING_URL,                                                                \
     .help = "Another address of the API than the cloud's own."},                        \
        {.name = "ca_file",                                                              \
         .type = SETTING_PATH,                                                           \
         .help = "A PEM file of the authorities to trust instead of the system's."},     \
    {                                                                                    \
        .name = "requests_per_second", .type = SETTING_DECIMAL, .max = 1000,             \
        .help = "Requests a second, when not what the service allows."                   \
    }

/* Sends nothing. The caller clears, also after a failure. */
bool api_open(struct api *api, enum api_kind kind, const json_t *settings,
              const struct runtime *runtime, struct error *err);
void api_clear(struct api *api);

/* True for a 200 with JSON. On a failure response->status may say more. */
bool api_get(struct api *api, const struct api_call *call, struct http_response *response,
             struct error *err);

/* The tenant of settings, else AZURE_TENANT_ID, else NULL. Borrowed. */
const char *api_tenant(const json_t *settings);

#endif
