/*
 * One question to a service that gives tokens, and what it says no with.
 *
 * Errors: those of net/http.h; ERROR_DENIED with Google's error word and the remedy;
 * ERROR_UNREACHABLE when what answered is no service of Google's.
 */
#ifndef GCP_ADC_ASK_H
#define GCP_ADC_ASK_H

#include "gcp/adc_source.h"
#include "net/http.h"
#include "net/token.h"

/* All are borrowed. */
struct adc_ask {
    const struct adc_source *source; /* its url is asked */
    const struct runtime *runtime;
    const char *content_type;
    struct bytes body;
    const char *scheme; /* "Bearer", "Basic"; NULL: nothing but the body says who asks */
    const struct secret *proof;
    const char *quota_project; /* NULL: none */
    const char *cert_file;     /* to show, with its key; NULL: none */
    const char *key_file;
};

enum {
    ADC_ASK_FORM_MAX = 1 << 18,
    ADC_ASK_DEADLINE_MS = 60000,
};

/* Sends; any status but those that are repeated is success. Clear with adc_ask_clear. */
bool adc_ask_send(const struct adc_ask *ask, struct http_response *response,
                  struct error *err);
/* Wipes and releases. */
void adc_ask_clear(struct http_response *response);
/* The token in a 200 answer; else what was refused, and the remedy. */
bool adc_ask_read(const struct adc_ask *ask, const struct http_response *response,
                  struct token *token, struct error *err);
/* Sends, reads and clears. */
bool adc_ask_token(const struct adc_ask *ask, struct token *token, struct error *err);

#endif
