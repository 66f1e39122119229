#include "gcp/adc_source_parts.h"

#include "gcp/adc_host.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

bool adc_source_check_key(const struct adc_source *source, struct error *err)
{
    const char *text = secret_reveal(&source->key);
    BIO *pem = BIO_new_mem_buf(text, (int)strlen(text));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, NULL, (void *)"");
    bool ok = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    EVP_PKEY_free(key);
    BIO_free(pem);
    ERR_clear_error();
    return ok || error_set(err, ERROR_CONFIG,
                           "\"private_key\" is not an RSA key in PEM; download the key "
                           "again, its line breaks are \\n");
}

static const struct {
    const char *member; /* of credential_source, by which the kind is known */
    enum adc_subject subject;
} subjects[] = {
    {"environment_id", ADC_SUBJECT_AWS},
    {"file", ADC_SUBJECT_FILE},
    {"url", ADC_SUBJECT_URL},
    {"executable", ADC_SUBJECT_EXECUTABLE},
    {"certificate", ADC_SUBJECT_CERTIFICATE},
};
enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

static const json_t *find_subject(struct adc_source *source)
{
    const json_t *origin = json_object_get(source->file, "credential_source");
    for (size_t i = 0; i < SUBJECTS; i++) {
        const json_t *found = json_object_get(origin, subjects[i].member);
        if (found != NULL) {
            source->subject = subjects[i].subject;
            return found;
        }
    }
    return NULL;
}

static bool check_local(const json_t *origin, const char *name, struct error *err)
{
    const char *url = json_string_value(json_object_get(origin, name));
    return url == NULL || adc_host_is_local(url) ||
           error_set(err, ERROR_CONFIG,
                     "credential_source.%s must be a metadata service's or of this "
                     "machine",
                     name);
}

/* Version 1 is all there is. */
static bool check_aws(const json_t *origin, struct error *err)
{
    static const char *const local[] = {"region_url", "url", "imdsv2_session_token_url"};
    const char *version = json_string_value(json_object_get(origin, "environment_id"));
    if (version == NULL || strcmp(version, "aws1") != 0) {
        return error_set(err, ERROR_CONFIG,
                         "credential_source.environment_id must be aws1");
    }
    if (!json_is_string(json_object_get(origin, "regional_cred_verification_url"))) {
        return error_set(err, ERROR_CONFIG,
                         "credential_source.regional_cred_verification_url is missing");
    }
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(local) / sizeof(local[0]); i++) {
        ok = check_local(origin, local[i], err);
    }
    return ok;
}

/* A metadata service and this machine may be asked; any other host is to be listed. */
static bool check_url(const struct adc_source *source, const struct adc_rules *rules,
                      const char *url, struct error *err)
{
    return adc_host_is_local(url) || adc_host_check("credential_source.url", url,
                                                    source->universe, rules->hosts, err);
}

static bool check_format(const json_t *origin, struct error *err)
{
    const json_t *format = json_object_get(origin, "format");
    const char *type = json_string_value(json_object_get(format, "type"));
    if (type == NULL || strcmp(type, "text") == 0) {
        return true;
    }
    bool has_field = json_is_string(json_object_get(format, "subject_token_field_name"));
    return (strcmp(type, "json") == 0 && has_field) ||
           error_set(err, ERROR_CONFIG,
                     "credential_source.format must be text, or json with a "
                     "subject_token_field_name");
}

static bool check_subject(struct adc_source *source, const struct adc_rules *rules,
                          struct error *err)
{
    const json_t *origin = json_object_get(source->file, "credential_source");
    const json_t *found = find_subject(source);
    if (found == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "\"credential_source\" names no file, url, executable, "
                         "certificate or aws environment");
    }
    bool is_object = source->subject == ADC_SUBJECT_EXECUTABLE ||
                     source->subject == ADC_SUBJECT_CERTIFICATE;
    if (is_object ? !json_is_object(found) : !json_is_string(found)) {
        return error_set(err, ERROR_CONFIG, "\"credential_source\" is not of its form");
    }
    if (source->subject == ADC_SUBJECT_AWS) {
        return check_aws(origin, err);
    }
    return (source->subject != ADC_SUBJECT_URL ||
            check_url(source, rules, json_string_value(found), err)) &&
           check_format(origin, err);
}

bool adc_source_read_federation(struct adc_source *source, const struct adc_rules *rules,
                                struct error *err)
{
    const char *fallback = "sts/v1/token";
    bool ok = adc_source_need(source, "audience", err) &&
              adc_source_need(source, "subject_token_type", err) &&
              check_subject(source, rules, err);
    adc_source_take(source, "client_secret", &source->client_secret);
    if (ok && source->subject == ADC_SUBJECT_CERTIFICATE) {
        fallback = "sts.mtls/v1/token";
    }
    return ok && adc_source_keep_url(source, rules, "token_url", fallback, err);
}
