#include "gcp/adc_ask.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "gcp/adc_fault.h"
#include "gcp/adc_host.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Also where only the body is secret: http.c then sees to it where the body goes. */
static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    (void)refresh;
    const struct adc_ask *ask = context;
    if (ask->scheme == NULL) {
        return true;
    }
    char *value = mem_format("%s %s", ask->scheme, secret_reveal(ask->proof));
    bool ok = http_extra_add(extra, "Authorization", value, err);
    OPENSSL_cleanse(value, strlen(value));
    free(value);
    return ok;
}

static enum http_class classify(void *context, const struct http_response *response)
{
    (void)context;
    return adc_fault_is_passing(response) ? HTTP_THROTTLED : HTTP_ANSWERED;
}

bool adc_ask_send(const struct adc_ask *ask, struct http_response *response,
                  struct error *err)
{
    const struct http_header headers[] = {
        {"Content-Type", ask->content_type},
        {"Accept", "application/json"},
        {"x-goog-user-project", ask->quota_project},
    };
    const struct runtime *runtime = ask->runtime;
    char *host = adc_host_of(ask->source->url);
    const char *const hosts[] = {host, NULL};
    const struct http_request request = {
        .method = "POST",
        .url = ask->source->url,
        .headers = headers,
        .header_count = ask->quota_project == NULL ? 2 : 3,
        .body = ask->body,
        .limit = TOKEN_ANSWER_MAX,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + ADC_ASK_DEADLINE_MS,
        .ca_file = ask->source->ca_file,
        .authorize = authorize,
        .credential_hosts = hosts,
        .classify = classify,
        .context = (void *)ask, /* which authorize only reads */
        .cert_file = ask->cert_file,
        .key_file = ask->key_file,
    };
    bool ok = runtime->http(runtime->context, &request, response, err);
    if (!ok) {
        error_context(err, "%s", host);
    }
    free(host);
    return ok;
}

void adc_ask_clear(struct http_response *response)
{
    key_file_clear(&response->body);
    http_response_clear(response);
}

bool adc_ask_read(const struct adc_ask *ask, const struct http_response *response,
                  struct token *token, struct error *err)
{
    const struct runtime *runtime = ask->runtime;
    int64_t now_ms =
        response->date_ms != 0 ? response->date_ms : runtime->now_ms(runtime->context);
    if (response->status != 200) {
        return adc_fault_set(ask->source, response,
                             response->date_ms == 0
                                 ? 0
                                 : response->date_ms - runtime->now_ms(runtime->context),
                             err);
    }
    return token_read(buf_bytes(&response->body), now_ms, token, err);
}

bool adc_ask_token(const struct adc_ask *ask, struct token *token, struct error *err)
{
    struct http_response response = {0};
    bool ok =
        adc_ask_send(ask, &response, err) && adc_ask_read(ask, &response, token, err);
    adc_ask_clear(&response);
    return ok;
}
