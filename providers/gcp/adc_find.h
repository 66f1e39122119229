/*
 * Where our credential is, in the order of Application Default Credentials: the setting
 * credentials_file, GOOGLE_APPLICATION_CREDENTIALS, gcloud's own file, and only where
 * none of these is, the metadata server.
 *
 * Errors: ERROR_CONFIG, with the file and the remedy.
 */
#ifndef GCP_ADC_FIND_H
#define GCP_ADC_FIND_H

#include "base/digest.h"
#include "gcp/adc_source.h"

struct adc_found {
    struct adc_source *source;
    const char *from; /* "configuration", "GOOGLE_APPLICATION_CREDENTIALS", ... */
    char *path;       /* NULL for the metadata server */
    bool is_exposed;  /* a key that every user of this machine may read */
    uint8_t digest[DIGEST_SIZE]; /* of all that decides who we are */
};

/* Reads settings, environment and files; sends nothing. The caller clears. */
bool adc_find(const json_t *settings, struct adc_found *found, struct error *err);
void adc_find_clear(struct adc_found *found);

/* A variable's value; NULL when it is not set or empty. */
const char *adc_find_variable(const char *name);

#endif
