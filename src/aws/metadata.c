#include "aws/metadata.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "net/http_guard.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 1 << 16,
    EXTENDED_MS = 5 * MS_PER_MINUTE, /* until such credentials are asked for again */
};

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    (void)refresh;
    const struct metadata_request *asked = context;
    return http_extra_add(extra, asked->header, secret_reveal(asked->token), err);
}

/*
 * AWS's services are at the addresses that the guard knows by name; other link-local
 * ones, which it lets other clouds' metadata have, are not.
 */
static bool check_host(const char *url, struct error *err)
{
    static const char plain[] = "http://";
    if (strncmp(url, plain, strlen(plain)) != 0) {
        return true; /* https may go anywhere, and what else there is goes nowhere */
    }
    const char *start = url + strlen(plain);
    size_t size = start[0] == '[' ? strcspn(start, "]/") + 1 : strcspn(start, ":/?#");
    char *host = mem_dup_bytes(start, size);
    bool ok = http_guard_peer(host) != HTTP_PEER_LINK_LOCAL;
    free(host);
    return ok || error_set(err, ERROR_CONFIG,
                           "http is allowed only to this machine and AWS's metadata "
                           "addresses, use https");
}

bool metadata_send(const struct runtime *runtime, const struct metadata_request *request,
                   struct http_response *response, struct error *err)
{
    const struct http_request sent = {
        .method = request->method,
        .url = request->url,
        .headers = request->open,
        .header_count = request->open[0].name == NULL ? 0 : 1,
        .limit = ANSWER_MAX,
        .timeout_ms = request->timeout_ms,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + request->deadline_ms,
        .authorize = request->token == NULL ? NULL : authorize,
        .is_metadata = true,
        .context = (void *)request, /* which authorize only reads */
    };
    return check_host(request->url, err) &&
           runtime->http(runtime->context, &sent, response, err);
}

void metadata_clear(struct http_response *response)
{
    if (response->body.size > 0) {
        OPENSSL_cleanse(response->body.data, response->body.size);
    }
    http_response_clear(response);
}

/*
 * When EC2 cannot renew a role's credentials it goes on giving the old ones, which AWS
 * then accepts past their end; the SDKs go on with them too.
 */
static int64_t time_for(const json_t *answer, int64_t now_ms)
{
    const char *text = json_string_value(json_object_get(answer, "Expiration"));
    int64_t end_ms = 0;
    bool is_over =
        text != NULL && timestamp_parse(bytes_of(text), &end_ms) && end_ms <= now_ms;
    return is_over ? end_ms - EXTENDED_MS : now_ms;
}

bool metadata_read(const struct runtime *runtime, const struct http_response *response,
                   struct credentials *credentials, struct error *err)
{
    static const struct credentials_names names = {"AccessKeyId", "SecretAccessKey",
                                                   "Token", true};
    int64_t now_ms =
        response->date_ms != 0 ? response->date_ms : runtime->now_ms(runtime->context);
    struct bytes text = buf_bytes(&response->body);
    json_t *answer = json_loadb((const char *)text.data, text.size, 0, NULL);
    /* EC2 says no with status 200: {"Code":"AssumeRoleUnauthorizedAccess",...}. */
    const char *code = json_string_value(json_object_get(answer, "Code"));
    bool ok = false;
    if (code != NULL && strcmp(code, "Success") != 0) {
        error_set(err, ERROR_DENIED,
                  "it has no credentials to give; check the role and its trust policy");
    } else {
        ok = credentials_read(answer, &names, time_for(answer, now_ms), credentials, err);
    }
    credentials_wipe_json(answer);
    return ok;
}
