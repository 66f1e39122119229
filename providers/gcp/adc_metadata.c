#include "gcp/adc_metadata.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/adc_find.h"
#include "gcp/adc_host.h"
#include "net/form.h"
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS "169.254.169.254"
#define DEFAULT_UNIVERSE "googleapis.com"

enum {
    URL_MAX = 4096,
    NAME_MAX_SIZE = 64,
    TIMEOUT_MS = 3 * MS_PER_SECOND,
    PATIENT_MS = 55 * MS_PER_SECOND,
};

/* GCE_METADATA_HOST may say the name, which http could not tell from any other. */
static const char *find_address(void)
{
    const char *host = adc_find_variable("GCE_METADATA_HOST");
    host = host == NULL ? adc_find_variable("GCE_METADATA_ROOT") : host;
    host = host == NULL ? adc_find_variable("GCE_METADATA_IP") : host;
    bool is_name = host == NULL || strcmp(host, "metadata.google.internal") == 0 ||
                   strcmp(host, "metadata.google.internal.") == 0 ||
                   strcmp(host, "metadata") == 0;
    return is_name ? ADDRESS : host;
}

/* Does this machine look like Google's, so that the server is late and not absent? */
static bool is_google(void)
{
    char name[NAME_MAX_SIZE] = "";
    FILE *file = fopen("/sys/class/dmi/id/product_name", "re");
    if (file != NULL) {
        if (fgets(name, sizeof(name), file) == NULL) {
            name[0] = '\0';
        }
        fclose(file);
    }
    bool may_be_gke =
        name[0] == '\0' && adc_find_variable("KUBERNETES_SERVICE_HOST") != NULL;
    return may_be_gke || strncmp(name, "Google", strlen("Google")) == 0 ||
           adc_find_variable("K_SERVICE") != NULL ||
           adc_find_variable("CLOUD_RUN_JOB") != NULL ||
           adc_find_variable("GCE_METADATA_HOST") != NULL;
}

static bool get(const struct runtime *runtime, const char *url,
                struct http_response *response, struct error *err)
{
    static const struct http_header header = {"Metadata-Flavor", "Google"};
    const struct http_request request = {
        .method = "GET",
        .url = url,
        .headers = &header,
        .header_count = 1,
        .limit = TOKEN_ANSWER_MAX,
        .timeout_ms = TIMEOUT_MS,
        .deadline_ms = runtime->monotonic_ms(runtime->context) + PATIENT_MS,
        .is_starting = is_google(),
        .is_metadata = true,
    };
    if (!runtime->http(runtime->context, &request, response, err)) {
        return error_context(err, "it does not answer; elsewhere than on Google Cloud, "
                                  "set credentials_file or "
                                  "GOOGLE_APPLICATION_CREDENTIALS");
    }
    return strcmp(response->flavor, "Google") == 0 ||
           error_set(err, ERROR_CONFIG,
                     "what answers is not Google's; set credentials_file or "
                     "GOOGLE_APPLICATION_CREDENTIALS");
}

static bool refuse(int status, struct error *err)
{
    const char *remedy = "see that the machine has a service account";
    if (status == 403) {
        remedy =
            "the pod's Kubernetes service account may not be the Google one; grant it "
            "roles/iam.workloadIdentityUser there";
    } else if (status == 404) {
        remedy =
            "no service account is attached; attach one, or on GKE switch on Workload "
            "Identity";
    }
    return error_set(err, ERROR_DENIED, "HTTP %d: %s", status, remedy);
}

/* Tokens of one universe are not for the hosts of another. */
static bool check_universe(const struct adc_source *source, const struct runtime *runtime,
                           struct error *err)
{
    struct http_response response = {0};
    char *url = mem_format("http://%s/computeMetadata/v1/universe/universe-domain",
                           find_address());
    bool ok = get(runtime, url, &response, err);
    if (ok) {
        const char *told = response.status == 200 && response.body.size > 0
                               ? buf_text(&response.body)
                               : DEFAULT_UNIVERSE;
        size_t size = strcspn(told, "\r\n ");
        bool is_same = strlen(source->universe) == size &&
                       strncmp(told, source->universe, size) == 0;
        ok = is_same || error_set(err, ERROR_CONFIG,
                                  "this machine is in another universe than %s; set "
                                  "universe_domain to its name",
                                  source->universe);
    }
    http_response_clear(&response);
    free(url);
    return ok;
}

/* Scopes go with commas between them. */
static bool write_url(const char *scope, struct buf *url, struct error *err)
{
    char *scopes = mem_dup(scope);
    for (char *at = scopes; *at != '\0'; at++) {
        *at = (char)(*at == ' ' ? ',' : *at);
    }
    bool ok = buf_addf(url,
                       "http://%s/computeMetadata/v1/instance/service-accounts/default/"
                       "token?",
                       find_address()) &&
              form_add(url, "scopes", scopes);
    free(scopes);
    return ok || error_set(err, ERROR_CONFIG, "GCE_METADATA_HOST is too long");
}

static bool read_answer(const struct runtime *runtime,
                        const struct http_response *response, struct token *token,
                        struct error *err)
{
    if (response->status != 200) {
        return refuse(response->status, err);
    }
    return token_read(buf_bytes(&response->body), runtime->now_ms(runtime->context),
                      token, err);
}

bool adc_metadata_token(const struct adc_source *source, const struct runtime *runtime,
                        const char *scope, struct token *token, struct error *err)
{
    struct http_response response = {0};
    struct buf url;
    buf_init(&url, URL_MAX);
    bool ok = write_url(scope, &url, err) &&
              (adc_host_is_local(buf_text(&url)) ||
               error_set(err, ERROR_CONFIG,
                         "GCE_METADATA_HOST must be an address of this machine or of a "
                         "metadata service")) &&
              check_universe(source, runtime, err) &&
              get(runtime, buf_text(&url), &response, err) &&
              read_answer(runtime, &response, token, err);
    key_file_clear(&response.body);
    http_response_clear(&response);
    buf_clear(&url);
    return ok;
}

char *adc_metadata_email(const struct runtime *runtime)
{
    struct http_response response = {0};
    char *email = NULL;
    char *url =
        mem_format("http://%s/computeMetadata/v1/instance/service-accounts/default/email",
                   find_address());
    if (adc_host_is_local(url) && get(runtime, url, &response, NULL) &&
        response.status == 200 && response.body.size > 0) {
        const char *told = buf_text(&response.body);
        email = mem_dup_bytes(told, strcspn(told, "\r\n "));
    }
    http_response_clear(&response);
    free(url);
    return email;
}
