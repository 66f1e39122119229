#include "gcp/adc.h"

#include "base/mem.h"
#include "net/http.h"

#include <stdlib.h>
#include <string.h>

/* The identity of the machine alone: its metadata server. */
struct adc {
    int unused;
};

const struct setting adc_settings[] = {{.type = SETTING_END}};

bool adc_new(const json_t *settings, struct adc **adc, struct error *err)
{
    (void)settings;
    (void)err;
    *adc = mem_new(1, sizeof(**adc));
    return true;
}

void adc_free(struct adc *adc)
{
    free(adc);
}

bool adc_token(struct adc *adc, const struct runtime *runtime, struct secret *token,
               struct error *err)
{
    (void)adc;
    const char *host = getenv("GCE_METADATA_HOST");
    char *url = mem_format("http://%s/computeMetadata/v1/instance/service-accounts/"
                           "default/token",
                           host == NULL ? "169.254.169.254" : host);
    static const struct http_header headers[] = {{"Metadata-Flavor", "Google"}};
    const struct http_request request = {.method = "GET",
                                         .url = url,
                                         .headers = headers,
                                         .header_count = 1,
                                         .limit = 1 << 16,
                                         .is_metadata = true};
    struct http_response response = {0};
    bool ok = runtime->http(runtime->context, &request, &response, err);
    json_t *body =
        ok ? json_loadb((const char *)response.body.data, response.body.size, 0, NULL)
           : NULL;
    const char *text = json_string_value(json_object_get(body, "access_token"));
    if (ok && text == NULL) {
        ok = error_set(err, ERROR_DENIED, "metadata server: HTTP %d and no token",
                       response.status);
    } else if (ok) {
        secret_set(token, text);
    }
    json_decref(body);
    http_response_clear(&response);
    free(url);
    return ok;
}

bool adc_next_token(struct adc *adc, const struct runtime *runtime,
                    const struct secret *refused, struct secret *token, struct error *err)
{
    (void)refused;
    return adc_token(adc, runtime, token, err);
}

const char *adc_quota_project(const struct adc *adc)
{
    (void)adc;
    return NULL;
}

const char *adc_universe(const struct adc *adc)
{
    (void)adc;
    return "googleapis.com";
}

const char *adc_name(const struct adc *adc)
{
    (void)adc;
    return "metadata server";
}
