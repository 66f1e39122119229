#include "azure/fault.h"

#include <jansson.h>
#include <string.h>

enum { BODY_MAX = 1 << 16 };

static const struct remedy {
    const char *code;
    const char *text;
} remedies[] = {
    {"SubscriptionNotFound",
     "this identity's tenant has no such subscription (any more); az account list "
     "--refresh shows those there are; correct \"subscriptions\", or retire the source"},
    {"InvalidSubscriptionId", "it is no subscription's id; correct \"subscriptions\""},
    {"InvalidAuthenticationTokenTenant",
     "the subscription is in another tenant than \"tenant_id\"; az account list --query "
     "[].[id,tenantId] -o table shows in which"},
    {"InvalidAuthenticationTokenAudience", "the token is for another cloud than this "
                                           "address; check \"cloud\" and \"endpoint\""},
    {"Authentication_RequestFromNonPremiumTenantOrB2CTenant",
     "the tenant has no licence of Entra ID P1 or P2, without which Microsoft Graph "
     "gives "
     "no sign-ins; remove the source"},
};

const char *fault_remedy(const char *code)
{
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (strcmp(remedies[i].code, code) == 0) {
            return remedies[i].text;
        }
    }
    return NULL;
}

static void take_code(const char *text, char code[FAULT_CODE_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    size_t size = text == NULL ? 0 : strlen(text);
    if (size < FAULT_CODE_SIZE && size > 0 && strspn(text, letters) == size) {
        memcpy(code, text, size + 1);
    }
}

void fault_code(const struct http_response *response, char code[FAULT_CODE_SIZE])
{
    code[0] = '\0';
    if (response->body.size == 0 || response->body.size > BODY_MAX) {
        return;
    }
    json_t *body =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const json_t *error = json_object_get(body, "error");
    const json_t *from = json_is_object(error) ? error : body;
    take_code(json_string_value(json_object_get(from, "code")), code);
    json_decref(body);
}
