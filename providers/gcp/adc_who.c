#include "gcp/adc_who.h"

#include "base/mem.h"
#include "gcp/adc_metadata.h"
#include "gcp/adc_subject.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIMS_MAX = 1 << 15, SUBJECT_MAX = 512 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *known; /* members, by digest */

/* Takes text; NULL: nothing to add. */
static void add_take(json_t *members, char *text)
{
    if (text != NULL) {
        json_array_append_new(members, json_string(text));
    }
    free(text);
}

/* .../serviceAccounts/EMAIL:generateAccessToken */
static char *read_target(const struct adc_source *source)
{
    static const char prefix[] = "/serviceAccounts/";
    const char *at = strstr(source->url, prefix);
    at = at == NULL ? "" : at + strlen(prefix);
    size_t size = strcspn(at, ":/?");
    return size == 0 ? NULL : mem_format("serviceAccount:%.*s", (int)size, at);
}

static char *write_account(const char *kind, const char *email)
{
    return email == NULL || strchr(email, '@') == NULL ? NULL
                                                       : mem_format("%s:%s", kind, email);
}

static char *ask_machine(const struct runtime *runtime)
{
    char *email = adc_metadata_email(runtime);
    char *member = write_account("serviceAccount", email);
    free(email);
    return member;
}

/* The claims of a JWT: the caller wipes. False: it is none. */
static bool read_claims(const char *token, unsigned char *out, int *size)
{
    const char *dot = strchr(token, '.');
    const char *at = dot == NULL ? "" : dot + 1;
    size_t count = strcspn(at, ".");
    if (count == 0 || at[count] != '.' || count > CLAIMS_MAX - 4) {
        return false;
    }
    unsigned char *text = mem_new(1, count + 4);
    for (size_t i = 0; i < count; i++) {
        unsigned char letter = (unsigned char)at[i];
        text[i] = letter == '-' ? '+' : letter == '_' ? '/' : letter;
    }
    while (count % 4 != 0) {
        text[count++] = '=';
    }
    *size = EVP_DecodeBlock(out, text, (int)count);
    OPENSSL_cleanse(text, count);
    free(text);
    return *size > 0;
}

char *adc_who_subject(const char *token)
{
    char *subject = NULL;
    int size = 0;
    unsigned char *claims = mem_new(1, CLAIMS_MAX);
    if (read_claims(token, claims, &size)) {
        while (size > 0 && claims[size - 1] == '\0') {
            size--; /* what the padding stood for */
        }
        json_t *object = json_loadb((const char *)claims, (size_t)size, 0, NULL);
        const char *text = json_string_value(json_object_get(object, "sub"));
        bool is_good = text != NULL && text[0] != '\0' && strlen(text) < SUBJECT_MAX;
        subject = is_good ? mem_dup(text) : NULL;
        json_decref(object);
    }
    OPENSSL_cleanse(claims, CLAIMS_MAX);
    free(claims);
    return subject;
}

/*
 * The provider's mapping decides what google.subject is; nearly everywhere it is the
 * token's own subject (google.subject=assertion.sub). Where it is not, we do not know
 * our calls, and nobody else's pass for ours: the pool must vouch for the very subject.
 */
static char *find_principal(const struct adc_source *source,
                            const struct runtime *runtime)
{
    static const char providers[] = "/providers/";
    const char *audience = adc_source_text(source, "audience");
    const char *end = audience == NULL ? NULL : strstr(audience, providers);
    struct secret token = {0};
    bool has_token = false;
    if (end != NULL && source->subject == ADC_SUBJECT_FILE) {
        has_token = adc_subject_file(source, &token, NULL);
    } else if (end != NULL && source->subject == ADC_SUBJECT_URL) {
        has_token = adc_subject_url(source, runtime, &token, NULL);
    }
    char *subject = has_token ? adc_who_subject(secret_reveal(&token)) : NULL;
    char *principal = subject == NULL
                          ? NULL
                          : mem_format("principal:%.*s/subject/%s", (int)(end - audience),
                                       audience, subject);
    free(subject);
    secret_clear(&token);
    return principal;
}

static char *find_member(const struct adc_source *source, const struct runtime *runtime)
{
    switch (source->kind) {
    case ADC_METADATA:
        return ask_machine(runtime);
    case ADC_SERVICE_ACCOUNT:
        return write_account("serviceAccount", adc_source_text(source, "client_email"));
    case ADC_USER:
        return write_account("user", adc_source_text(source, "account"));
    case ADC_IMPERSONATION:
        return read_target(source);
    case ADC_FEDERATION:
        return find_principal(source, runtime);
    case ADC_FEDERATED_USER:
        break;
    }
    return NULL;
}

static json_t *find_members(const struct adc_source *source,
                            const struct runtime *runtime)
{
    json_t *members = json_array();
    for (; source != NULL; source = source->base) {
        add_take(members, find_member(source, runtime));
    }
    return members;
}

/* What is kept of key; takes members, to be kept, unless NULL. The caller's, or NULL. */
static json_t *keep_take(const char *key, json_t *members)
{
    pthread_mutex_lock(&lock);
    known = known == NULL ? json_object() : known;
    if (members != NULL) {
        json_object_set_new(known, key, members);
    }
    json_t *copy = json_deep_copy(json_object_get(known, key));
    pthread_mutex_unlock(&lock);
    return copy;
}

json_t *adc_who_members(const uint8_t digest[DIGEST_SIZE],
                        const struct adc_source *source, const struct runtime *runtime)
{
    char key[DIGEST_HEX_SIZE];
    digest_hex((struct bytes){digest, DIGEST_SIZE}, key);
    json_t *members = keep_take(key, NULL);
    return members != NULL ? members : keep_take(key, find_members(source, runtime));
}

void adc_who_forget(const uint8_t digest[DIGEST_SIZE])
{
    char key[DIGEST_HEX_SIZE];
    digest_hex((struct bytes){digest, DIGEST_SIZE}, key);
    pthread_mutex_lock(&lock);
    json_object_del(known, key);
    pthread_mutex_unlock(&lock);
}
