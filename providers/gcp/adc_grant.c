#include "gcp/adc_grant.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/adc_ask.h"
#include "gcp/adc_fault.h"
#include "gcp/adc_sign.h"
#include "net/basic.h"
#include "net/form.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Whatever token_uri says, as Google's own libraries have it. */
#define AUDIENCE "https://oauth2.googleapis.com/token"

static const char form_type[] = "application/x-www-form-urlencoded";
static const char jwt_bearer[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";

enum {
    EARLY_MS = 5 * MS_PER_MINUTE,
    SKEW_MIN_MS = MS_PER_MINUTE,
};

struct wish {
    const struct adc_source *source;
    const struct runtime *runtime;
    const char *scope;
    int64_t skew_ms; /* Google's clock less ours, where it mattered */
};

static bool sign(const struct wish *wish, const char *audience, struct secret *out,
                 struct error *err)
{
    const struct runtime *runtime = wish->runtime;
    const struct adc_sign_claims claims = {
        .audience = audience,
        .scope = wish->scope,
        .now_ms = runtime->now_ms(runtime->context) + wish->skew_ms,
    };
    return adc_sign(wish->source, &claims, out, err);
}

static bool ask_key(const struct wish *wish, struct http_response *response,
                    struct error *err)
{
    struct secret assertion = {0};
    struct buf form;
    buf_init(&form, ADC_ASK_FORM_MAX);
    buf_reserve(&form, ADC_ASK_FORM_MAX); /* once, so that no copy is left behind */
    bool ok = sign(wish, AUDIENCE, &assertion, err) &&
              ((form_add(&form, "grant_type", jwt_bearer) &&
                form_add(&form, "assertion", secret_reveal(&assertion))) ||
               error_set(err, ERROR_CONFIG, "the assertion is too long"));
    const struct adc_ask ask = {.source = wish->source,
                                .runtime = wish->runtime,
                                .content_type = form_type,
                                .body = buf_bytes(&form)};
    ok = ok && adc_ask_send(&ask, response, err);
    key_file_clear(&form);
    secret_clear(&assertion);
    return ok;
}

static int64_t skew_of(const struct runtime *runtime,
                       const struct http_response *response)
{
    int64_t skew_ms = response->date_ms - runtime->now_ms(runtime->context);
    bool is_wrong = response->date_ms != 0 && response->status != 200 &&
                    (skew_ms > SKEW_MIN_MS || skew_ms < -SKEW_MIN_MS);
    return is_wrong && adc_fault_is_clock(response) ? skew_ms : 0;
}

bool adc_grant_key(const struct adc_source *source, const struct runtime *runtime,
                   const char *scope, struct token *token, struct error *err)
{
    struct wish wish = {source, runtime, scope, 0};
    const struct adc_ask ask = {.source = source, .runtime = runtime};
    struct http_response response = {0};
    if (source->is_self_signed) {
        token->life_ms = ADC_SIGN_LIFE_S * (int64_t)MS_PER_SECOND;
        token->refresh_ms = token->life_ms - EARLY_MS;
        return sign(&wish, NULL, &token->text, err);
    }
    bool ok = ask_key(&wish, &response, err);
    wish.skew_ms = ok ? skew_of(runtime, &response) : 0;
    if (wish.skew_ms != 0) {
        adc_ask_clear(&response);
        ok = ask_key(&wish, &response, err);
    }
    ok = ok && adc_ask_read(&ask, &response, token, err);
    adc_ask_clear(&response);
    return ok || error_context(err, "%s", adc_source_text(source, "client_email"));
}

void adc_grant_basic(const struct adc_source *source, struct secret *proof)
{
    const char *id = adc_source_text(source, "client_id");
    char *text =
        basic_encode(id == NULL ? "" : id, secret_reveal(&source->client_secret));
    secret_set(proof, text);
    OPENSSL_cleanse(text, strlen(text));
    free(text);
}

static bool write_login(const struct adc_source *source, struct buf *form)
{
    bool ok = form_add(form, "grant_type", "refresh_token") &&
              form_add(form, "refresh_token", secret_reveal(&source->key));
    if (source->kind == ADC_FEDERATED_USER) {
        return ok; /* its client says who it is in the header */
    }
    return ok && form_add(form, "client_id", adc_source_text(source, "client_id")) &&
           form_add(form, "client_secret", secret_reveal(&source->client_secret));
}

bool adc_grant_login(const struct adc_source *source, const struct runtime *runtime,
                     struct token *token, struct error *err)
{
    struct secret basic = {0};
    struct buf form;
    buf_init(&form, ADC_ASK_FORM_MAX);
    buf_reserve(&form, ADC_ASK_FORM_MAX);
    bool ok = write_login(source, &form) ||
              error_set(err, ERROR_CONFIG, "the refresh token is too long");
    bool is_basic = source->kind == ADC_FEDERATED_USER;
    if (is_basic) {
        adc_grant_basic(source, &basic);
    }
    const struct adc_ask ask = {.source = source,
                                .runtime = runtime,
                                .content_type = form_type,
                                .body = buf_bytes(&form),
                                .scheme = is_basic ? "Basic" : NULL,
                                .proof = &basic};
    ok = ok && adc_ask_token(&ask, token, err);
    key_file_clear(&form);
    secret_clear(&basic);
    return ok;
}
