/*
 * As whom Google knows us: what a credential says of itself, for check --live and to know
 * our own calls in the logs that we read (moj.self).
 *
 *   serviceAccount:reader@audit.iam.gserviceaccount.com
 *   principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/
 *   subject/system:serviceaccount:audit:bridge
 *
 * Who impersonates is listed behind whom he acts as, for the call that makes the token is
 * his own. What cannot be known without asking somebody else (a program's token, AWS's)
 * is left out. Process-wide; safe from any thread.
 */
#ifndef GCP_ADC_WHO_H
#define GCP_ADC_WHO_H

#include "base/digest.h"
#include "gcp/adc_source.h"
#include "runtime.h"

/*
 * An array of members as IAM writes them, the caller's. Asks the metadata server where it
 * must, once until adc_who_forget; digest stands for source.
 */
json_t *adc_who_members(const uint8_t digest[DIGEST_SIZE],
                        const struct adc_source *source, const struct runtime *runtime);
/* A new token was given: it may be another's. */
void adc_who_forget(const uint8_t digest[DIGEST_SIZE]);

/* The subject of a token of a workload ("sub" of a JWT); NULL: it is none. The caller
 * frees. */
char *adc_who_subject(const char *token);

#endif
