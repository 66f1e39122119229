/*
 * Writes a CloudTrail-like record N times as an event, so that callgrind can count
 * the instructions (tests/bench/event_cost). Prints how many bytes came out.
 */
#include "../unit/sample.h"

#include "config/principle.h"

#include <stdio.h>

static const char record[] =
    "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\","
    "\"principalId\":\"AROAEXAMPLEEXAMPLE:session-one\","
    "\"arn\":\"arn:aws:sts::111122223333:assumed-role/operator/session-one\","
    "\"accountId\":\"111122223333\",\"accessKeyId\":\"ASIAEXAMPLEEXAMPLE\","
    "\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\","
    "\"principalId\":\"AROAEXAMPLEEXAMPLE\","
    "\"arn\":\"arn:aws:iam::111122223333:role/operator\","
    "\"accountId\":\"111122223333\",\"userName\":\"operator\"},"
    "\"webIdFederationData\":{},\"attributes\":{\"mfaAuthenticated\":\"false\","
    "\"creationDate\":\"2026-11-23T05:00:00Z\"}}},"
    "\"eventTime\":\"2026-11-23T06:00:00Z\",\"eventSource\":\"iam.amazonaws.com\","
    "\"eventName\":\"AddUserToGroup\",\"awsRegion\":\"us-east-1\","
    "\"sourceIPAddress\":\"203.0.113.7\","
    "\"userAgent\":\"example-cli/2.0 Python/3.11 Linux/6.1 exe/x86_64 prompt/off\","
    "\"requestParameters\":{\"groupName\":\"admins\",\"userName\":\"alice\"},"
    "\"responseElements\":null,"
    "\"requestID\":\"0b6f5a55-3d6a-4d2f-9a3e-000000000001\","
    "\"eventID\":\"1f6f5a55-3d6a-4d2f-9a3e-000000000002\",\"readOnly\":false,"
    "\"eventType\":\"AwsApiCall\",\"managementEvent\":true,"
    "\"recipientAccountId\":\"111122223333\",\"eventCategory\":\"Management\","
    "\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":"
    "\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"iam.amazonaws.com\"},"
    "\"user\":{\"id\":\"arn:aws:sts::111122223333:assumed-role/operator/session-one\","
    "\"name\":\"operator\"},\"group\":\"admins\",\"target\":\"alice\",\"mfa\":\"false\"}";

int main(int argc, char **argv)
{
    enum { ROUNDS = 1000 };
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS;
    struct sample sample;
    sample_init(&sample, &sample_mapping, NULL);
    sample.rule.principles = principle_bit(principle_find("2b"));
    sample.rule.change = CHANGE_ADD;
    sample.rule.action = "group-member-change";
    if (!sample_read(&sample, bytes_of(record))) {
        return EXIT_FAILURE;
    }
    sample.event.observed_ms = 1795413660000;
    sample_write(&sample, FORMAT_ECS); /* warms up */

    size_t bytes = 0;
    for (long i = 0; i < rounds; i++) {
        sample_write(&sample, FORMAT_ECS);
        bytes += sample.out.size;
    }
    printf("%zu\n", bytes);
    sample_clear(&sample);
    return EXIT_SUCCESS;
}
