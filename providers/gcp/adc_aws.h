/*
 * Federation from AWS: the token is a request to AWS STS, signed by what AWS gave this
 * machine and never sent by us; Google sends it to learn who we are.
 *
 *   subject_token=%7B%22headers%22%3A[{"key":"Authorization","value":"AWS4-HMAC-SHA256
 * .."},
 *     {"key":"host",..},{"key":"x-amz-date",..},{"key":"x-amz-security-token",..},
 *     {"key":"x-goog-cloud-target-resource","value":"<audience>"}],"method":"POST",
 *     "url":"https://sts.eu-west-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}
 *
 * The keys are the environment's, else those of the EC2 instance's role (IMDSv2).
 *
 * Errors: ERROR_CONFIG, ERROR_DENIED, those of net/http.h.
 */
#ifndef GCP_ADC_AWS_H
#define GCP_ADC_AWS_H

#include "gcp/adc_source.h"
#include "runtime.h"

/* The caller clears subject. */
bool adc_aws_subject(const struct adc_source *source, const struct runtime *runtime,
                     struct secret *subject, struct error *err);

#endif
