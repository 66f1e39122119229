#include "aws/fault.h"

#include "aws/xml.h"

#include <jansson.h>

enum { BODY_MAX = 1 << 16 };

/* botocore's retries/standard.py, and the AWS SDKs' lists of expiry and skew. */
static const struct {
    const char *code;
    enum fault_kind kind;
} known[] = {
    {"BandwidthLimitExceeded", FAULT_THROTTLED},
    {"EC2ThrottledException", FAULT_THROTTLED},
    {"IDPCommunicationError", FAULT_THROTTLED},
    {"LimitExceededException", FAULT_THROTTLED},
    {"PriorRequestNotComplete", FAULT_THROTTLED},
    {"ProvisionedThroughputExceededException", FAULT_THROTTLED},
    {"RequestLimitExceeded", FAULT_THROTTLED},
    {"RequestThrottled", FAULT_THROTTLED},
    {"RequestThrottledException", FAULT_THROTTLED},
    {"RequestTimeout", FAULT_THROTTLED},
    {"RequestTimeoutException", FAULT_THROTTLED},
    {"SlowDown", FAULT_THROTTLED},
    {"ThrottledException", FAULT_THROTTLED},
    {"Throttling", FAULT_THROTTLED},
    {"ThrottlingException", FAULT_THROTTLED},
    {"TooManyRequestsException", FAULT_THROTTLED},
    {"TransactionInProgressException", FAULT_THROTTLED},
    {"ExpiredToken", FAULT_EXPIRED},
    {"ExpiredTokenException", FAULT_EXPIRED},
    {"InvalidClientTokenId", FAULT_EXPIRED},
    {"UnrecognizedClientException", FAULT_EXPIRED},
    {"InvalidSignatureException", FAULT_SIGNATURE},
    {"RequestExpired", FAULT_SIGNATURE},
    {"RequestInTheFuture", FAULT_SIGNATURE},
    {"RequestTimeTooSkewed", FAULT_SIGNATURE},
    {"SignatureDoesNotMatch", FAULT_SIGNATURE},
    {"AccessDenied", FAULT_DENIED},
    {"AccessDeniedException", FAULT_DENIED},
    {"AuthFailure", FAULT_SIGNATURE},
    {"OptInRequired", FAULT_DENIED},
    {"UnauthorizedOperation", FAULT_DENIED},
};

/* Copies the bare code out of type; a code with other bytes than a name's is none. */
static void take_code(const char *type, char code[FAULT_CODE_SIZE])
{
    size_t size = strcspn(type, ":");
    size_t namespace = strcspn(type, "#");
    if (namespace < size) {
        type += namespace + 1;
        size -= namespace + 1;
    }
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    if (size >= FAULT_CODE_SIZE || strspn(type, letters) < size) {
        return;
    }
    memcpy(code, type, size);
    code[size] = '\0';
}

/* Where in body the code is; NULL when nowhere. */
static const char *type_of(const json_t *body)
{
    const char *type = json_string_value(json_object_get(body, "__type"));
    if (type == NULL) {
        type = json_string_value(json_object_get(body, "code"));
    }
    return type == NULL ? xml_text(body, "Code") : type;
}

struct fault fault_read(const struct http_response *response)
{
    struct fault fault = {.kind = FAULT_OTHER};
    struct bytes text = buf_bytes(&response->body);
    json_t *body = NULL;
    if (text.size > 0 && text.size <= BODY_MAX && text.data[0] == '<') {
        xml_read(text, &body, NULL);
    } else if (text.size > 0 && text.size <= BODY_MAX) {
        body = json_loadb((const char *)text.data, text.size, 0, NULL);
    }
    const char *type = type_of(body);
    take_code(type == NULL ? response->error_type : type, fault.code);
    json_decref(body);

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].code, fault.code) == 0) {
            fault.kind = known[i].kind;
        }
    }
    return fault;
}
