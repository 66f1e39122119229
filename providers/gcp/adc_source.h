/*
 * What a credential file of Google says, read and checked before anything is sent: a
 * service account's key, a user's login, workload identity federation, or one of these
 * that impersonates a service account; and the metadata server, which needs no file.
 *
 * Errors: ERROR_CONFIG, which names the member and never shows a value.
 */
#ifndef GCP_ADC_SOURCE_H
#define GCP_ADC_SOURCE_H

#include "base/error.h"
#include "base/secret.h"

#include <jansson.h>

enum adc_kind {
    ADC_METADATA,
    ADC_SERVICE_ACCOUNT,
    ADC_USER,
    ADC_FEDERATION,
    ADC_FEDERATED_USER, /* signed in through a workforce pool */
    ADC_IMPERSONATION,
};

enum adc_subject {
    ADC_SUBJECT_FILE,
    ADC_SUBJECT_URL,
    ADC_SUBJECT_AWS,
    ADC_SUBJECT_EXECUTABLE,
    ADC_SUBJECT_CERTIFICATE,
};

/* What the configuration says of every source; borrowed. */
struct adc_rules {
    const char *universe; /* NULL: googleapis.com */
    const json_t *hosts;  /* that files may name beyond it; NULL: none */
    const char *ca_file;  /* NULL: the system's */
    bool is_self_signed;  /* a service account asks nobody for tokens */
};

struct adc_source {
    enum adc_kind kind;
    enum adc_subject subject; /* of ADC_FEDERATION: where its own token comes from */
    json_t *file;             /* the object itself, without the two secrets; or NULL */
    struct secret key;        /* private key, or refresh token */
    struct secret client_secret;
    char *universe; /* "googleapis.com" */
    char *url;      /* of tokens; NULL for ADC_METADATA */
    char *ca_file;  /* NULL: the system's */
    bool is_self_signed;
    struct adc_source *base; /* of ADC_IMPERSONATION: who may impersonate */
};

/* Reads file, an object, whose secrets it takes out. The caller frees. */
bool adc_source_read(json_t *file, const struct adc_rules *rules,
                     struct adc_source **source, struct error *err);
/* The metadata server. The caller frees. */
struct adc_source *adc_source_metadata(const struct adc_rules *rules);
/* As the service account called email, which base (taken) may impersonate. */
struct adc_source *adc_source_impersonate_take(struct adc_source *base,
                                               const char *email);
/* Wipes and releases; may be NULL. */
void adc_source_free(struct adc_source *source);

/* A text of the source's file; NULL when it says none. Borrowed. */
const char *adc_source_text(const struct adc_source *source, const char *name);
/* "service account key", "workload identity federation" */
const char *adc_source_name(const struct adc_source *source);

#endif
