#include "gcp/adc_fault.h"

#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD_SIZE = 48 };

struct fault {
    char word[WORD_SIZE]; /* "invalid_grant", "PERMISSION_DENIED"; "": not Google's */
    const char *text;     /* what was said of it; "" for nothing */
    json_t *answer;       /* that text belongs to */
};

/* The first row whose word, part of the text and kind fit; NULL and -1 fit all. */
static const struct remedy {
    const char *word;
    const char *part;
    int kind;
    const char *remedy;
} remedies[] = {
    {"invalid_grant", "invalid jwt signature", -1,
     "the key was deleted or is another account's; make a new key"},
    {"invalid_grant", "short-lived", -1,
     "this machine's clock is wrong; set it (NTP), Google allows few minutes"},
    {"invalid_grant", "account not found", -1,
     "the service account was deleted; make another one and its key"},
    {"invalid_grant", "account has been deleted", -1,
     "the account was deleted; sign in with another one"},
    {"invalid_grant", "", ADC_SERVICE_ACCOUNT,
     "the service account or its key was disabled or deleted; check it with \"gcloud iam "
     "service-accounts keys list\""},
    {"invalid_rapt", "", -1,
     "the organisation asks to sign in again; use a service account, or run \"gcloud "
     "auth application-default login\""},
    {"invalid_grant", "", ADC_USER,
     "the login has ended; run \"gcloud auth application-default login\""},
    {"invalid_grant", "", ADC_FEDERATED_USER,
     "the login has ended; run \"gcloud auth application-default login\""},
    {"invalid_grant", "audience", ADC_FEDERATION,
     "the workload's token is for another audience; give it one that the workload "
     "identity provider allows"},
    {"invalid_grant", "stale", ADC_FEDERATION,
     "the workload's token has expired; see that its file is renewed, and the clock"},
    {"invalid_grant", "expired", ADC_FEDERATION,
     "the workload's token has expired; see that its file is renewed, and the clock"},
    {"invalid_grant", "issuer", ADC_FEDERATION,
     "the workload's token is another issuer's; correct the provider's issuer URI"},
    {"invalid_grant", "", ADC_FEDERATION,
     "the workload's token was not accepted; check issuer, audience and keys of the "
     "workload identity provider"},
    {"unauthorized_client", "", ADC_FEDERATION,
     "the provider's attribute condition rejects this workload; correct the condition"},
    {"invalid_target", "", ADC_FEDERATION,
     "\"audience\" names no workload identity pool and provider that is active"},
    {"invalid_client", "", -1, "client_id or client_secret is wrong or was deleted"},
    {"unauthorized_client", "", -1,
     "the client may not ask for tokens; make a new key or sign in again"},
    {"invalid_scope", "", -1, "the account may not have these scopes"},
    {"SERVICE_DISABLED", "", -1,
     "enable the IAM Service Account Credentials API (iamcredentials.googleapis.com)"},
    {"PERMISSION_DENIED", "has not been used", -1,
     "enable the IAM Service Account Credentials API (iamcredentials.googleapis.com)"},
    {"PERMISSION_DENIED", "", ADC_IMPERSONATION,
     "grant roles/iam.workloadIdentityUser (a federated identity) or "
     "roles/iam.serviceAccountTokenCreator (any other) on the service account"},
    {"NOT_FOUND", "", ADC_IMPERSONATION,
     "there is no such service account to impersonate; correct its name"},
    {"INVALID_ARGUMENT", "lifetime", -1,
     "token_lifetime_seconds is longer than the organisation allows"},
    {"INVALID_ARGUMENT", "", ADC_IMPERSONATION,
     "Google does not understand the request; check the service account's name and the "
     "delegates"},
    {"UNAUTHENTICATED", "", -1, "the identity that impersonates was not accepted"},
    {NULL, "", ADC_FEDERATION,
     "check \"audience\", \"subject_token_type\" and the workload identity provider"},
    {NULL, "", -1, "check that the account and its key are active"},
};

/* A word as Google's documents have them: letters and "_" alone are shown. */
static void keep_word(struct fault *fault, const char *word)
{
    size_t size = word == NULL ? 0
                               : strspn(word, "abcdefghijklmnopqrstuvwxyz_"
                                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (size > 0 && size < WORD_SIZE && word[size] == '\0') {
        memcpy(fault->word, word, size + 1);
    }
}

/* google.rpc.ErrorInfo says more than its status. */
static const char *reason_of(const json_t *error)
{
    const json_t *details = json_object_get(error, "details");
    for (size_t i = 0; i < json_array_size(details); i++) {
        const char *reason =
            json_string_value(json_object_get(json_array_get(details, i), "reason"));
        if (reason != NULL && strcmp(reason, "SERVICE_DISABLED") == 0) {
            return reason;
        }
    }
    return json_string_value(json_object_get(error, "status"));
}

static void read_fault(const struct http_response *response, struct fault *fault)
{
    *fault = (struct fault){.text = ""};
    fault->answer =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const json_t *error = json_object_get(fault->answer, "error");
    const char *text = NULL;
    if (json_is_object(error)) {
        keep_word(fault, reason_of(error));
        text = json_string_value(json_object_get(error, "message"));
    } else {
        const char *subtype =
            json_string_value(json_object_get(fault->answer, "error_subtype"));
        bool is_rapt = subtype != NULL && strcmp(subtype, "invalid_rapt") == 0;
        keep_word(fault, is_rapt ? subtype : json_string_value(error));
        text = json_string_value(json_object_get(fault->answer, "error_description"));
    }
    fault->text = text == NULL ? "" : text;
}

static bool has_part(const char *text, const char *part)
{
    size_t size = strlen(part);
    bool has = size == 0;
    for (; !has && *text != '\0'; text++) {
        has = strncasecmp(text, part, size) == 0;
    }
    return has;
}

static const char *find_remedy(const struct fault *fault, enum adc_kind kind)
{
    const struct remedy *row = remedies;
    for (;; row++) { /* the last fits all */
        bool fits = (row->word == NULL || strcmp(row->word, fault->word) == 0) &&
                    (row->kind == -1 || row->kind == (int)kind) &&
                    has_part(fault->text, row->part);
        if (fits) {
            return row->remedy;
        }
    }
}

bool adc_fault_is_passing(const struct http_response *response)
{
    static const char *const words[] = {"internal_failure", "server_error",
                                        "temporarily_unavailable"};
    struct fault fault;
    read_fault(response, &fault);
    bool is_passing = false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        is_passing = is_passing || strcmp(fault.word, words[i]) == 0;
    }
    json_decref(fault.answer);
    return is_passing;
}

bool adc_fault_is_clock(const struct http_response *response)
{
    struct fault fault;
    read_fault(response, &fault);
    bool is_clock =
        strcmp(fault.word, "invalid_grant") == 0 && has_part(fault.text, "short-lived");
    json_decref(fault.answer);
    return is_clock;
}

bool adc_fault_set(const struct adc_source *source, const struct http_response *response,
                   int64_t skew_ms, struct error *err)
{
    struct fault fault;
    read_fault(response, &fault);
    if (fault.word[0] == '\0') {
        /* Google always says why; something between us does not. */
        error_set(err, ERROR_UNREACHABLE,
                  "HTTP %d without an error of Google's; check proxies and token URL",
                  response->status);
    } else {
        error_set(err, ERROR_DENIED, "%s: %s", fault.word,
                  find_remedy(&fault, source->kind));
        if (adc_fault_is_clock(response) && skew_ms != 0) {
            error_context(err, "Google's clock is %lld s ahead of ours",
                          (long long)(skew_ms / MS_PER_SECOND));
        }
    }
    json_decref(fault.answer);
    return false;
}
