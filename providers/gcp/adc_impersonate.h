/*
 * A token of a service account, for one who may impersonate it.
 *
 *   POST
 * /v1/projects/-/serviceAccounts/bridge@p.iam.gserviceaccount.com:generateAccessToken
 *   Host: iamcredentials.googleapis.com
 *   Authorization: Bearer <the other's token>
 *
 *   {"scope":["https://www.googleapis.com/auth/logging.read"],"lifetime":"3600s"}
 *
 *   {"accessToken":"ya29...","expireTime":"2026-11-25T02:00:00Z"}
 *
 * Errors: those of adc.h.
 */
#ifndef GCP_ADC_IMPERSONATE_H
#define GCP_ADC_IMPERSONATE_H

#include "gcp/adc_source.h"
#include "net/token.h"
#include "runtime.h"

struct adc_impersonate_wish {
    const struct adc_source *source;
    const struct runtime *runtime;
    const struct secret *base; /* the other's token */
    const char *scope;
};

/* The caller clears token. */
bool adc_impersonate(const struct adc_impersonate_wish *wish, struct token *token,
                     struct error *err);

#endif
