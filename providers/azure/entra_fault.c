#include "azure/entra_fault.h"

#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

enum {
    CODE_BUSY = 90033,   /* "a transient error has occurred" */
    CODE_CLOCK = 700024, /* "client assertion is not within its valid time range" */
    ID_SIZE = 37,        /* a GUID */
};

static const char new_secret[] = "az ad app credential reset --append --id";
static const char federated[] = "az ad app federated-credential list --id";

static const struct remedy {
    long code;
    const char *text;
    const char *command; /* for az, with the client id behind it; or NULL */
} remedies[] = {
    {7000215, "the client secret is wrong; set the secret's value, not its id",
     new_secret},
    {7000222, "the client secret has expired; add a new one and set it", new_secret},
    {7000216, "Entra wants a secret or an assertion; check \"credential\"", NULL},
    {7000218, "Entra wants a secret or an assertion; check \"credential\"", NULL},
    {700016,
     "this tenant has no application of that client_id; check both, or admit it there",
     "az ad sp create --id"},
    {700027,
     "the certificate is not registered with the application, or has expired; register "
     "it",
     "az ad app credential reset --append --cert @CERTIFICATE.pem --id"},
    {700024,
     "the assertion is not valid at this time; check this machine's clock, and "
     "that the federated token file is renewed",
     NULL},
    {700211,
     "no federated credential of the application has the token's issuer; add one "
     "with the cluster's issuer URL",
     federated},
    {700212,
     "no federated credential has the token's audience; it is to be "
     "api://AzureADTokenExchange",
     federated},
    {700213,
     "no federated credential has the token's subject; it is to be "
     "system:serviceaccount:NAMESPACE:NAME",
     federated},
    {70021,
     "no federated credential of the application matches the token's issuer, "
     "subject and audience",
     federated},
    {90002,
     "there is no such tenant; check \"cloud\" and \"tenant_id\" (az account show "
     "--query tenantId)",
     NULL},
    {900023, "\"tenant_id\" is neither a directory's id nor one of its domains", NULL},
    {900382, "this cloud does not serve that audience; check \"cloud\"", NULL},
    {90038, "the tenant belongs to another cloud; set \"cloud\"", NULL},
    {900439, "the tenant belongs to another cloud; set \"cloud\"", NULL},
    {70011, "the audience is not one that this tenant knows; check \"cloud\"", NULL},
    {500011, "the audience is not one that this tenant knows; check \"cloud\"", NULL},
    {53003,
     "a conditional access policy blocks the application; exclude it, or allow "
     "this address",
     NULL},
    {530034,
     "a conditional access policy blocks the application; exclude it, or allow "
     "this address",
     NULL},
    {7000112, "the application is disabled; enable it",
     "az ad sp update --set accountEnabled=true --id"},
    {7000114, "the application may not use managed identities of another tenant", NULL},
    {50034, "there is no such account in this tenant; check \"tenant_id\"", NULL},
};

static const struct remedy *find_remedy(long code)
{
    static const struct remedy unknown = {
        0, "look the code up at https://login.microsoftonline.com/error", NULL};
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (remedies[i].code == code) {
            return &remedies[i];
        }
    }
    return &unknown;
}

static json_t *parse(const struct http_response *response)
{
    json_t *answer =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    if (!json_is_string(json_object_get(answer, "error"))) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

/* Of error_codes; older answers have it in the description only. 0: none. */
static long code_of(const json_t *answer)
{
    const json_t *codes = json_object_get(answer, "error_codes");
    json_int_t code = json_integer_value(json_array_get(codes, 0));
    const char *text = json_string_value(json_object_get(answer, "error_description"));
    const char *at = code != 0 || text == NULL ? NULL : strstr(text, "AADSTS");
    return at == NULL ? (long)code : strtol(at + strlen("AADSTS"), NULL, 10);
}

static long read_code(const struct http_response *response)
{
    json_t *answer = parse(response);
    long code = code_of(answer);
    json_decref(answer);
    return code;
}

bool entra_fault_is_clock(const struct http_response *response)
{
    return read_code(response) == CODE_CLOCK;
}

bool entra_fault_is_passing(const struct http_response *response)
{
    json_t *answer = parse(response);
    const char *error = json_string_value(json_object_get(answer, "error"));
    bool is_passing = code_of(answer) == CODE_BUSY ||
                      (error != NULL && strcmp(error, "temporarily_unavailable") == 0);
    json_decref(answer);
    return is_passing;
}

/* An id as Microsoft's support asks for it: nothing but a GUID is let through. */
static void copy_id(const json_t *answer, const char *name, char out[ID_SIZE])
{
    const char *text = json_string_value(json_object_get(answer, name));
    bool is_id = text != NULL && strlen(text) == ID_SIZE - 1 &&
                 strspn(text, "0123456789abcdefABCDEF-") == ID_SIZE - 1;
    memcpy(out, is_id ? text : "", is_id ? ID_SIZE : 1);
}

/* What the error code cannot tell: how far clocks differ, when a certificate ended. */
static void add_circumstance(const struct credential *credential, long code,
                             const struct http_response *response, struct error *err)
{
    char until[TIMESTAMP_TEXT_SIZE];
    if (code == 700027 && credential->certificate != NULL) {
        timestamp_format(credential->certificate->not_after_ms, until);
        error_context(err, "client certificate valid until %.10s", until);
    } else if (code == CODE_CLOCK && response->date_ms != 0) {
        timestamp_format(response->date_ms, until);
        error_context(err, "at %s by Entra's clock", until);
    }
}

bool entra_fault_set(const struct credential *credential,
                     const struct http_response *response, struct error *err)
{
    json_t *answer = parse(response);
    long code = code_of(answer);
    char trace[ID_SIZE];
    char correlation[ID_SIZE];
    if (answer == NULL) {
        /* Entra always says why; something between us does not. */
        return error_set(err, ERROR_UNREACHABLE, "%s: HTTP %d without an Entra error",
                         credential->authority_host, response->status);
    }
    copy_id(answer, "trace_id", trace);
    copy_id(answer, "correlation_id", correlation);
    if (code == 0) {
        error_set(err, ERROR_DENIED, "Entra ID refused with HTTP %d (trace %s)",
                  response->status, trace);
    } else {
        const struct remedy *remedy = find_remedy(code);
        bool has_command = remedy->command != NULL;
        error_set(err, ERROR_DENIED, "AADSTS%ld: %s%s%s%s%s (trace %s, correlation %s)",
                  code, remedy->text, has_command ? ": " : "",
                  has_command ? remedy->command : "", has_command ? " " : "",
                  has_command ? credential->client_id : "", trace, correlation);
    }
    json_decref(answer);
    add_circumstance(credential, code, response, err);
    return error_context(err, "%s of client %s in tenant %s",
                         credential_name(credential->kind), credential->client_id,
                         credential->tenant);
}
