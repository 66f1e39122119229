/*
 * Who we are to Google Cloud: Application Default Credentials, and access tokens of them.
 *
 * Tokens are cached process-wide by credential and scope: one thread fetches, the others
 * wait. They are fetched anew well before they expire, and at once when the service
 * refused the last one.
 *
 * What is configured decides, and nothing else is tried when it fails: a broken
 * GOOGLE_APPLICATION_CREDENTIALS is an error, never a reason to ask the metadata server.
 *
 * Errors: ERROR_CONFIG (a part is missing or unreadable), ERROR_DENIED (Google refused:
 * text says why and the remedy), those of net/http.h.
 */
#ifndef GCP_ADC_H
#define GCP_ADC_H

#include "base/error.h"
#include "base/secret.h"
#include "provider.h"

struct adc;

/* The keys of a source that say who we are; ends with SETTING_END. */
extern const struct setting adc_settings[];

/* Checks settings and reads key files; sends nothing. The caller frees. */
bool adc_new(const json_t *settings, struct adc **adc, struct error *err);
void adc_free(struct adc *adc);

/* A token for Cloud Logging and Resource Manager (cloud-platform.read-only and
 * logging.read scopes): what stands behind "Bearer ". The caller clears. */
bool adc_token(struct adc *adc, const struct runtime *runtime, struct secret *token,
               struct error *err);
/* Another token than refused, which the service no longer takes. The caller clears. */
bool adc_next_token(struct adc *adc, const struct runtime *runtime,
                    const struct secret *refused, struct secret *token,
                    struct error *err);
/* The project whose quota pays: the setting, else GOOGLE_CLOUD_QUOTA_PROJECT, else the
 * key file's quota_project_id; NULL: none. Lasts as long as adc. */
const char *adc_quota_project(const struct adc *adc);
/* "googleapis.com", or another universe's. */
const char *adc_universe(const struct adc *adc);
/* Whose the tokens are: members as IAM writes them, those who impersonate behind
 * (gcp/adc_who.h). An array, the caller's. */
json_t *adc_members(const struct adc *adc, const struct runtime *runtime);
/* What audit entries of these members' calls have in authenticationInfo. The same. */
json_t *adc_self(const struct adc *adc, const struct runtime *runtime);
/* For logs: "service account key", "workload identity federation". */
const char *adc_name(const struct adc *adc);
/* Why it was taken: "configuration", "GOOGLE_APPLICATION_CREDENTIALS". */
const char *adc_origin(const struct adc *adc);

#endif
