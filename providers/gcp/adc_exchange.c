#include "gcp/adc_exchange.h"

#include "base/buf.h"
#include "base/key_file.h"
#include "base/mem.h"
#include "gcp/adc_ask.h"
#include "gcp/adc_aws.h"
#include "gcp/adc_certificate.h"
#include "gcp/adc_executable.h"
#include "gcp/adc_grant.h"
#include "gcp/adc_subject.h"
#include "net/form.h"

#include <stdlib.h>

static const char grant_type[] = "urn:ietf:params:oauth:grant-type:token-exchange";
static const char wanted_type[] = "urn:ietf:params:oauth:token-type:access_token";

static bool get_subject(const struct adc_source *source, const struct runtime *runtime,
                        struct secret *subject, struct error *err)
{
    switch (source->subject) {
    case ADC_SUBJECT_FILE:
        return adc_subject_file(source, subject, err);
    case ADC_SUBJECT_URL:
        return adc_subject_url(source, runtime, subject, err);
    case ADC_SUBJECT_AWS:
        return adc_aws_subject(source, runtime, subject, err);
    case ADC_SUBJECT_EXECUTABLE:
        return adc_executable_subject(source, runtime, subject, err);
    case ADC_SUBJECT_CERTIFICATE:
        break;
    }
    return adc_certificate_subject(source, subject, err);
}

/* Workforce users belong to no project; one is named for their quota. */
static bool add_options(const struct adc_source *source, struct buf *form)
{
    const char *project = adc_source_text(source, "workforce_pool_user_project");
    if (project == NULL || adc_source_text(source, "client_id") != NULL) {
        return true;
    }
    json_t *options = json_pack("{s:s}", "userProject", project);
    char *text = json_dumps(options, 0);
    struct buf quoted; /* Google's libraries quote it once more */
    buf_init(&quoted, ADC_ASK_FORM_MAX);
    bool ok =
        form_add_value(&quoted, text) && form_add(form, "options", buf_text(&quoted));
    buf_clear(&quoted);
    free(text);
    json_decref(options);
    return ok;
}

static bool write_form(const struct adc_source *source, const char *scope,
                       const struct secret *subject, struct buf *form, struct error *err)
{
    buf_reserve(form, ADC_ASK_FORM_MAX); /* once, so that no copy is left behind */
    bool ok = form_add(form, "grant_type", grant_type) &&
              form_add(form, "audience", adc_source_text(source, "audience")) &&
              form_add(form, "scope", scope) &&
              form_add(form, "requested_token_type", wanted_type) &&
              form_add(form, "subject_token", secret_reveal(subject)) &&
              form_add(form, "subject_token_type",
                       adc_source_text(source, "subject_token_type")) &&
              add_options(source, form);
    return ok || error_set(err, ERROR_CONFIG, "the workload's token is too long");
}

static bool send(const struct adc_source *source, const struct runtime *runtime,
                 const struct buf *form, struct token *token, struct error *err)
{
    struct adc_certificate certificate = {0};
    struct secret basic = {0};
    bool has_client = adc_source_text(source, "client_id") != NULL &&
                      secret_is_set(&source->client_secret);
    bool ok = source->subject != ADC_SUBJECT_CERTIFICATE ||
              adc_certificate_find(source, &certificate, err);
    if (has_client) {
        adc_grant_basic(source, &basic);
    }
    const struct adc_ask ask = {
        .source = source,
        .runtime = runtime,
        .content_type = "application/x-www-form-urlencoded",
        .body = buf_bytes(form),
        .scheme = has_client ? "Basic" : NULL,
        .proof = &basic,
        .cert_file = certificate.cert_file,
        .key_file = certificate.key_file,
    };
    ok = ok && adc_ask_token(&ask, token, err);
    adc_certificate_clear(&certificate);
    secret_clear(&basic);
    return ok;
}

bool adc_exchange(const struct adc_source *source, const struct runtime *runtime,
                  const char *scope, struct token *token, struct error *err)
{
    struct secret subject = {0};
    struct buf form;
    buf_init(&form, ADC_ASK_FORM_MAX);
    bool ok = get_subject(source, runtime, &subject, err) &&
              write_form(source, scope, &subject, &form, err) &&
              send(source, runtime, &form, token, err);
    secret_clear(&subject);
    key_file_clear(&form);
    return ok;
}
