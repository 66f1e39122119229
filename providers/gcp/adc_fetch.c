#include "gcp/adc_fetch.h"

#include "gcp/adc_exchange.h"
#include "gcp/adc_grant.h"
#include "gcp/adc_impersonate.h"
#include "gcp/adc_metadata.h"

/* Impersonation needs its base to be good for this alone. */
static const char iam_scope[] = "https://www.googleapis.com/auth/iam";

static bool fetch_impersonated(const struct adc_source *source,
                               const struct runtime *runtime, const char *scope,
                               struct token *token, struct error *err)
{
    struct token base = {0};
    const struct adc_impersonate_wish wish = {source, runtime, &base.text, scope};
    bool ok = adc_fetch(source->base, runtime, iam_scope, &base, err) &&
              (adc_impersonate(&wish, token, err) ||
               error_context(err, "%s", adc_source_name(source)));
    token_clear(&base);
    return ok;
}

bool adc_fetch(const struct adc_source *source, const struct runtime *runtime,
               const char *scope, struct token *token, struct error *err)
{
    bool ok = false;
    switch (source->kind) {
    case ADC_IMPERSONATION: /* at most five inside one another: adc_source.c counts */
        return fetch_impersonated(source, runtime, scope, token, err);
    case ADC_METADATA:
        ok = adc_metadata_token(source, runtime, scope, token, err);
        break;
    case ADC_SERVICE_ACCOUNT:
        ok = adc_grant_key(source, runtime, scope, token, err);
        break;
    case ADC_USER:
    case ADC_FEDERATED_USER:
        ok = adc_grant_login(source, runtime, token, err);
        break;
    case ADC_FEDERATION:
        ok = adc_exchange(source, runtime, scope, token, err);
        break;
    }
    return ok || error_context(err, "%s", adc_source_name(source));
}
