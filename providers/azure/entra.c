#include "azure/entra.h"

#include "azure/assertion.h"
#include "azure/entra_fault.h"
#include "base/key_file.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "net/form.h"
#include "net/http.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORM_MAX = 1 << 18,
    TOKEN_FILE_MAX = 1 << 16,
    DEADLINE_MS = MS_PER_MINUTE,
    SKEW_MIN_MS = 2 * MS_PER_MINUTE, /* Entra allows five */
};

struct question {
    const struct credential *credential;
    const struct runtime *runtime;
    const char *url;
    const char *audience;
    int64_t skew_ms; /* Entra's clock less ours, where it mattered */
};

static void write_uuid(const struct runtime *runtime, char out[ASSERTION_JTI_SIZE])
{
    uint8_t b[16];
    runtime->random(runtime->context, b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* RFC 9562: version 4, made of chance */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(out, ASSERTION_JTI_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
             b[13], b[14], b[15]);
}

static bool sign(const struct question *question, struct secret *out, struct error *err)
{
    const struct credential *credential = question->credential;
    const struct runtime *runtime = question->runtime;
    struct assertion assertion = {
        .certificate = credential->certificate,
        .client_id = credential->client_id,
        .audience = question->url,
        .now_ms = runtime->now_ms(runtime->context) + question->skew_ms,
        .is_rs256 = credential->is_rs256,
        .has_chain = credential->has_chain,
    };
    write_uuid(runtime, assertion.jti);
    return assertion_sign(&assertion, out, err);
}

/* A JWT is three words of base64; the file may end with a line break. */
static bool take_jwt(struct buf *file, struct secret *out, struct error *err)
{
    const char *text = buf_text(file);
    while (file->size > 0 && strchr(" \t\r\n", text[file->size - 1]) != NULL) {
        file->size--;
    }
    text = buf_text(file);
    size_t size = file->size;
    bool is_jwt =
        size > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._-") == size;
    if (!is_jwt) {
        return error_set(err, ERROR_CONFIG, "it holds no token (a JWT on one line)");
    }
    secret_set(out, text);
    return true;
}

static bool read_token_file(const struct credential *credential, struct secret *out,
                            struct error *err)
{
    struct buf file;
    buf_init(&file, TOKEN_FILE_MAX);
    bool ok = key_file_read(credential->token_file, &file, err);
    if (!ok) {
        error_set(err, ERROR_CONFIG,
                  "it cannot be read; on AKS, label the pod "
                  "azure.workload.identity/use: \"true\", elsewhere mount a projected "
                  "token for the audience api://AzureADTokenExchange");
    }
    ok = ok && take_jwt(&file, out, err);
    key_file_clear(&file);
    return ok || error_context(err, "federated token file %s", credential->token_file);
}

/* Adds what proves who we are. */
static bool add_proof(const struct question *question, struct buf *form,
                      struct error *err)
{
    static const char jwt_bearer[] =
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const struct credential *credential = question->credential;
    struct secret proof = {0};
    bool ok = true;
    if (credential->kind == CREDENTIAL_CLIENT_SECRET) {
        return form_add(form, "client_secret", secret_reveal(&credential->secret)) ||
               error_set(err, ERROR_CONFIG, "client_secret: is too long");
    }
    ok = credential->kind == CREDENTIAL_CLIENT_CERTIFICATE
             ? sign(question, &proof, err)
             : read_token_file(credential, &proof, err);
    ok = ok && ((form_add(form, "client_assertion_type", jwt_bearer) &&
                 form_add(form, "client_assertion", secret_reveal(&proof))) ||
                error_set(err, ERROR_CONFIG, "the assertion is too long; send no chain"));
    secret_clear(&proof);
    return ok;
}

static bool write_form(const struct question *question, struct buf *form,
                       struct error *err)
{
    buf_reserve(form, FORM_MAX); /* once, so that no copy of a secret is left behind */
    char *scope = mem_format("%s/.default", question->audience);
    bool ok = form_add(form, "client_id", question->credential->client_id) &&
              form_add(form, "scope", scope) &&
              form_add(form, "grant_type", "client_credentials");
    free(scope);
    return (ok || error_set(err, ERROR_CONFIG, "client_id: is too long")) &&
           add_proof(question, form, err);
}

/* The secret is in the body; this makes http.c see to it where the body goes. */
static bool guard_body(void *context, const struct http_request *request, bool refresh,
                       struct http_extra *extra, struct error *err)
{
    (void)context;
    (void)request;
    (void)refresh;
    (void)extra;
    (void)err;
    return true;
}

static enum http_class classify(void *context, const struct http_response *response)
{
    (void)context;
    return entra_fault_is_passing(response) ? HTTP_THROTTLED : HTTP_ANSWERED;
}

static bool post(const struct question *question, struct http_response *response,
                 struct error *err)
{
    static const struct http_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept", "application/json"},
    };
    const struct credential *credential = question->credential;
    const struct runtime *runtime = question->runtime;
    const char *const hosts[] = {credential->authority_host, NULL};
    struct buf form;
    buf_init(&form, FORM_MAX);
    bool ok = write_form(question, &form, err);
    const struct http_request request = {
        .method = "POST",
        .url = question->url,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .body = buf_bytes(&form),
        .limit = TOKEN_ANSWER_MAX,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + DEADLINE_MS,
        .ca_file = credential->ca_file,
        .authorize = guard_body,
        .credential_hosts = hosts,
        .classify = classify,
    };
    ok = ok && runtime->http(runtime->context, &request, response, err);
    key_file_clear(&form);
    return ok;
}

/* True when an assertion was refused for its time, and the clocks differ. */
static bool learn_skew(struct question *question, const struct http_response *response)
{
    const struct runtime *runtime = question->runtime;
    int64_t skew_ms = response->date_ms - runtime->now_ms(runtime->context);
    if (question->credential->kind != CREDENTIAL_CLIENT_CERTIFICATE ||
        response->date_ms == 0 || question->skew_ms != 0 ||
        !entra_fault_is_clock(response) ||
        (skew_ms > -SKEW_MIN_MS && skew_ms < SKEW_MIN_MS)) {
        return false;
    }
    question->skew_ms = skew_ms;
    return true;
}

static bool read_answer(const struct question *question,
                        const struct http_response *response, struct token *token,
                        struct error *err)
{
    const struct runtime *runtime = question->runtime;
    if (response->status != 200) {
        return entra_fault_set(question->credential, response, err);
    }
    int64_t now_ms =
        response->date_ms != 0 ? response->date_ms : runtime->now_ms(runtime->context);
    return token_read(buf_bytes(&response->body), now_ms, token, err);
}

bool entra_token(const struct credential *credential, const struct runtime *runtime,
                 const char *audience, struct token *token, struct error *err)
{
    struct http_response response = {0};
    char *url =
        mem_format("%s/%s/oauth2/v2.0/token", credential->authority, credential->tenant);
    struct question question = {credential, runtime, url, audience, 0};

    bool ok = post(&question, &response, err);
    if (ok && response.status != 200 && learn_skew(&question, &response)) {
        ok = post(&question, &response, err);
    }
    ok = ok && read_answer(&question, &response, token, err);
    key_file_clear(&response.body);
    http_response_clear(&response);
    free(url);
    return ok;
}
