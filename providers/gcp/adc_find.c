#include "gcp/adc_find.h"

#include "base/key_file.h"
#include "base/mem.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WELL_KNOWN "application_default_credentials.json"

enum { FILE_MAX = 1 << 18 };

const char *adc_find_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

void adc_find_clear(struct adc_found *found)
{
    adc_source_free(found->source);
    free(found->path);
    *found = (struct adc_found){0};
}

/* Where gcloud keeps what "gcloud auth application-default login" writes. */
static char *well_known_path(void)
{
    const char *folder = adc_find_variable("CLOUDSDK_CONFIG");
    const char *home = adc_find_variable("HOME");
    if (folder != NULL) {
        return mem_format("%s/" WELL_KNOWN, folder);
    }
    return home == NULL ? NULL : mem_format("%s/.config/gcloud/" WELL_KNOWN, home);
}

static bool choose(const json_t *settings, struct adc_found *found, struct error *err)
{
    const char *set = json_string_value(json_object_get(settings, "credentials_file"));
    const char *variable = adc_find_variable("GOOGLE_APPLICATION_CREDENTIALS");
    const char *no_metadata = adc_find_variable("NO_GCE_CHECK");
    found->from = set != NULL ? "configuration" : "GOOGLE_APPLICATION_CREDENTIALS";
    set = set != NULL ? set : variable;
    if (set != NULL) {
        found->path = mem_dup(set);
        return true;
    }
    found->from = "gcloud";
    found->path = well_known_path();
    if (found->path != NULL && access(found->path, F_OK) == 0) {
        return true;
    }
    free(found->path);
    found->path = NULL;
    found->from = "default";
    return no_metadata == NULL || strcmp(no_metadata, "true") != 0 ||
           error_set(err, ERROR_CONFIG,
                     "no credential is set, and NO_GCE_CHECK forbids the metadata "
                     "server; set credentials_file or GOOGLE_APPLICATION_CREDENTIALS");
}

static bool parse(struct adc_found *found, struct buf *text,
                  const struct adc_rules *rules, struct error *err)
{
    json_error_t fault = {0};
    json_t *file = json_loadb((const char *)text->data, text->size, 0, &fault);
    if (!json_is_object(file)) {
        json_decref(file);
        return error_set(err, ERROR_CONFIG,
                         "line %d: it is not a JSON object; it must be a key file or a "
                         "credential configuration as Google gives them",
                         fault.line);
    }
    bool ok = adc_source_read(file, rules, &found->source, err);
    json_decref(file);
    return ok;
}

static bool is_secret(const struct adc_source *source)
{
    return source != NULL &&
           (secret_is_set(&source->key) || secret_is_set(&source->client_secret) ||
            is_secret(source->base));
}

static void add_text(EVP_MD_CTX *digest, const void *text, size_t size)
{
    EVP_DigestUpdate(digest, text, size);
    EVP_DigestUpdate(digest, "", 1);
}

/* Hashes the file's bytes, and every setting that changes who we are or where we ask. */
static void make_digest(const json_t *settings, const struct buf *text,
                        struct adc_found *found)
{
    static const char *const parts[] = {
        "ca_file",       "credential_hosts", "impersonate_service_account",
        "quota_project", "self_signed_jwt",  "universe_domain"};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    add_text(digest, "google", strlen("google"));
    if (found->path != NULL) {
        add_text(digest, found->path, strlen(found->path));
        add_text(digest, text->data, text->size);
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const json_t *value = json_object_get(settings, parts[i]);
        char *part = value == NULL ? mem_dup("")
                                   : json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        add_text(digest, part, strlen(part));
        free(part);
    }
    EVP_DigestFinal_ex(digest, found->digest, NULL);
    EVP_MD_CTX_free(digest);
}

static bool read_file(struct adc_found *found, struct buf *text,
                      const struct adc_rules *rules, struct error *err)
{
    struct stat status = {0};
    bool ok = key_file_read(found->path, text, err) && parse(found, text, rules, err);
    found->is_exposed = ok && stat(found->path, &status) == 0 &&
                        (status.st_mode & S_IROTH) != 0 && is_secret(found->source);
    return ok || error_context(err, "%s (%s)", found->path, found->from);
}

bool adc_find(const json_t *settings, struct adc_found *found, struct error *err)
{
    const struct adc_rules rules = {
        .universe = json_string_value(json_object_get(settings, "universe_domain")),
        .hosts = json_object_get(settings, "credential_hosts"),
        .ca_file = json_string_value(json_object_get(settings, "ca_file")),
        .is_self_signed = json_is_true(json_object_get(settings, "self_signed_jwt")),
    };
    const char *email =
        json_string_value(json_object_get(settings, "impersonate_service_account"));
    struct buf text;
    buf_init(&text, FILE_MAX);
    *found = (struct adc_found){0};
    bool ok = choose(settings, found, err);
    if (ok && found->path != NULL) {
        ok = read_file(found, &text, &rules, err);
    } else if (ok) {
        found->source = adc_source_metadata(&rules);
    }
    if (ok) {
        make_digest(settings, &text, found);
    }
    if (ok && email != NULL) {
        found->source = adc_source_impersonate_take(found->source, email);
    }
    key_file_clear(&text);
    if (!ok) {
        adc_find_clear(found);
    }
    return ok;
}
