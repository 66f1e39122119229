/*
 * Where on AWS this workload runs, and the keys that AWS gave it: from the environment,
 * else from the metadata service whose addresses the credential file has.
 *
 *   PUT imdsv2_session_token_url    X-aws-ec2-metadata-token-ttl-seconds: 300
 *   GET region_url                  eu-west-2b
 *   GET url                         ROLE
 *   GET url/ROLE                    {"AccessKeyId":..,"SecretAccessKey":..,"Token":..}
 *
 * Errors: ERROR_CONFIG, ERROR_DENIED, those of net/http.h.
 */
#ifndef GCP_ADC_AWS_KEYS_H
#define GCP_ADC_AWS_KEYS_H

#include "gcp/adc_source.h"
#include "runtime.h"

struct adc_aws_keys {
    char *region;
    struct secret id;
    struct secret secret;
    struct secret token; /* empty for long-lived keys */
};

/* The caller clears keys, also on failure. */
bool adc_aws_keys_find(const struct adc_source *source, const struct runtime *runtime,
                       struct adc_aws_keys *keys, struct error *err);
void adc_aws_keys_clear(struct adc_aws_keys *keys);

#endif
