/* Any bytes as a credential file of Google, or as what its token services answer: a
 * source whose every URL may have our tokens, or an error. */
#include "gcp/adc_fault.h"
#include "gcp/adc_host.h"
#include "gcp/adc_source.h"
#include "net/token.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_file(const uint8_t *data, size_t size)
{
    const struct adc_rules rules = {0};
    struct adc_source *source = NULL;
    struct error err = {0};
    json_t *file = json_loadb((const char *)data, size, 0, NULL);
    bool ok = json_is_object(file) && adc_source_read(file, &rules, &source, &err);
    check(ok == (source != NULL) &&
          (ok || file == NULL || !json_is_object(file) || err.kind == ERROR_CONFIG));
    for (const struct adc_source *at = source; at != NULL; at = at->base) {
        check(at->url != NULL &&
              adc_host_check("url", at->url, "googleapis.com", NULL, NULL));
        check((at->kind == ADC_IMPERSONATION) == (at->base != NULL));
    }
    adc_source_free(source);
    json_decref(file);
}

static void read_answer(const uint8_t *data, size_t size)
{
    const struct adc_source source = {.kind = ADC_FEDERATION};
    struct http_response response = {.status = 400};
    struct token token = {0};
    struct error err = {0};
    buf_init(&response.body, size + 1);
    buf_add(&response.body, data, size);
    check(!adc_fault_set(&source, &response, 1, &err) && err.text[0] != '\0');
    adc_fault_is_passing(&response);
    if (token_read(buf_bytes(&response.body), 0, &token, NULL)) {
        check(token.life_ms > 0 && token.refresh_ms < token.life_ms);
    }
    token_clear(&token);
    http_response_clear(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_file(data, size);
    read_answer(data, size);
    return 0;
}
