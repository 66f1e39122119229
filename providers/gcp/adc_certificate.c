#include "gcp/adc_certificate.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "gcp/adc_find.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 17 };

void adc_certificate_clear(struct adc_certificate *certificate)
{
    free(certificate->cert_file);
    free(certificate->key_file);
    *certificate = (struct adc_certificate){0};
}

static const json_t *wanted(const struct adc_source *source)
{
    return json_object_get(json_object_get(source->file, "credential_source"),
                           "certificate");
}

static char *config_path(const struct adc_source *source)
{
    const char *told =
        json_string_value(json_object_get(wanted(source), "certificate_config_location"));
    const char *variable = adc_find_variable("GOOGLE_API_CERTIFICATE_CONFIG");
    const char *folder = adc_find_variable("CLOUDSDK_CONFIG");
    const char *home = adc_find_variable("HOME");
    told = told == NULL ? variable : told;
    if (told != NULL) {
        return mem_dup(told);
    }
    if (folder != NULL) {
        return mem_format("%s/certificate_config.json", folder);
    }
    return mem_format("%s/.config/gcloud/certificate_config.json",
                      home == NULL ? "" : home);
}

static char *path_in(const json_t *workload, const char *name)
{
    const char *path = json_string_value(json_object_get(workload, name));
    return path == NULL ? NULL : mem_dup(path);
}

bool adc_certificate_find(const struct adc_source *source,
                          struct adc_certificate *certificate, struct error *err)
{
    char *path = config_path(source);
    struct buf text;
    buf_init(&text, FILE_MAX);
    bool ok = key_file_read(path, &text, err);
    if (ok) {
        json_t *root = json_loadb((const char *)text.data, text.size, 0, NULL);
        const json_t *workload =
            json_object_get(json_object_get(root, "cert_configs"), "workload");
        certificate->cert_file = path_in(workload, "cert_path");
        certificate->key_file = path_in(workload, "key_path");
        json_decref(root);
        ok = (certificate->cert_file != NULL && certificate->key_file != NULL) ||
             error_set(err, ERROR_CONFIG,
                       "it has no cert_configs.workload with cert_path and key_path");
    }
    if (!ok) {
        error_context(err, "certificate configuration %s", path);
        adc_certificate_clear(certificate);
    }
    key_file_clear(&text);
    free(path);
    return ok;
}

static char *encode(X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    size = size < 0 ? 0 : size;
    char *text = mem_alloc(4 * (((size_t)size + 2) / 3) + 1);
    EVP_EncodeBlock((unsigned char *)text, der, size);
    OPENSSL_free(der);
    return text;
}

/* Appends what path holds, at most most of them, each once. */
static bool add_file(json_t *list, const char *path, size_t most, struct error *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    size_t count = 0;
    bool ok = key_file_read(path, &text, err);
    BIO *pem = BIO_new_mem_buf(ok ? buf_text(&text) : "", (int)text.size);
    X509 *certificate = NULL;
    while (count < most &&
           (certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        char *encoded = encode(certificate);
        const char *leaf = json_string_value(json_array_get(list, 0));
        bool is_leaf = leaf != NULL && strcmp(leaf, encoded) == 0;
        if (is_leaf && count > 0) {
            ok = error_set(err, ERROR_CONFIG,
                           "the workload's own certificate must be its first");
        } else if (!is_leaf) {
            json_array_append_new(list, json_string(encoded));
        }
        free(encoded);
        X509_free(certificate);
        count++;
    }
    BIO_free(pem);
    ERR_clear_error();
    if (ok && count == 0) {
        ok = error_set(err, ERROR_CONFIG, "it holds no certificate in PEM");
    }
    key_file_clear(&text);
    return ok || error_context(err, "%s", path);
}

bool adc_certificate_subject(const struct adc_source *source, struct secret *subject,
                             struct error *err)
{
    const char *chain =
        json_string_value(json_object_get(wanted(source), "trust_chain_path"));
    struct adc_certificate certificate = {0};
    json_t *list = json_array();
    bool ok = adc_certificate_find(source, &certificate, err) &&
              add_file(list, certificate.cert_file, 1, err) &&
              (chain == NULL || add_file(list, chain, SIZE_MAX, err));
    if (ok) {
        char *text = json_dumps(list, JSON_COMPACT);
        secret_set(subject, text);
        free(text);
    }
    json_decref(list);
    adc_certificate_clear(&certificate);
    return ok;
}
