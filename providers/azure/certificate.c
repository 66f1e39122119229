#include "azure/certificate.h"

#include "base/buf.h"
#include "base/key_file.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 18 };

void certificate_free(struct certificate *certificate)
{
    if (certificate == NULL) {
        return;
    }
    EVP_PKEY_free(certificate->key);
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    free(certificate);
}

/* What OpenSSL asks when a key is encrypted; never the terminal. */
struct question {
    const struct secret *password;
    bool was_asked;
};

static int give_password(char *out, int size, int is_writing, void *context)
{
    (void)is_writing;
    struct question *question = context;
    question->was_asked = true;
    struct bytes text = bytes_of(secret_reveal(question->password));
    if (text.size == 0 || text.size > (size_t)size) {
        return -1;
    }
    memcpy(out, text.data, text.size); /* OpenSSL wants its length and no NUL */
    return (int)text.size;
}

static bool refuse_password(const struct secret *password, struct error *err)
{
    if (!secret_is_set(password)) {
        return error_set(err, ERROR_CONFIG,
                         "it is encrypted; set client_certificate_password, or "
                         "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    }
    return error_set(err, ERROR_CONFIG, "its password is not the one that was given");
}

/* Every certificate of a PEM file, in its order. */
static STACK_OF(X509) * read_pem_certificates(struct buf *file)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *in = BIO_new_mem_buf(file->data, (int)file->size);
    X509 *one = PEM_read_bio_X509(in, NULL, NULL, NULL);
    while (one != NULL) {
        sk_X509_push(all, one);
        one = PEM_read_bio_X509(in, NULL, NULL, NULL);
    }
    BIO_free(in);
    return all;
}

static bool read_pem(struct buf *file, const struct secret *password,
                     struct certificate *certificate, struct error *err)
{
    struct question question = {.password = password};
    BIO *in = BIO_new_mem_buf(file->data, (int)file->size);
    certificate->key = PEM_read_bio_PrivateKey(in, NULL, give_password, &question);
    BIO_free(in);
    certificate->chain = read_pem_certificates(file);
    if (certificate->key == NULL && question.was_asked) {
        return refuse_password(password, err);
    }
    if (certificate->key == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "it holds no private key; put key and certificate in one file");
    }
    return true;
}

/* Adds what a PFX keeps apart: the certificate of its key comes first. */
static void join_chain(struct certificate *certificate, X509 *leaf, STACK_OF(X509) * more)
{
    certificate->chain = more == NULL ? sk_X509_new_null() : more;
    if (leaf != NULL) {
        sk_X509_unshift(certificate->chain, leaf);
    }
}

static bool open_pfx(PKCS12 *pfx, const struct secret *password,
                     struct certificate *certificate, struct error *err)
{
    const char *text = secret_is_set(password) ? secret_reveal(password) : NULL;
    bool is_sealed = PKCS12_mac_present(pfx) == 1;
    if (is_sealed && text == NULL) {
        text = PKCS12_verify_mac(pfx, NULL, 0) == 1 ? NULL : "";
    }
    if (is_sealed && PKCS12_verify_mac(pfx, text, -1) != 1) {
        return refuse_password(password, err);
    }
    X509 *leaf = NULL;
    STACK_OF(X509) *more = NULL;
    bool ok = PKCS12_parse(pfx, text, &certificate->key, &leaf, &more) == 1;
    join_chain(certificate, leaf, more);
    if (!ok) {
        return error_set(err, ERROR_CONFIG,
                         "this PFX cannot be opened: its encryption is an old one (RC2); "
                         "write it anew with \"openssl pkcs12 -legacy -in OLD -out "
                         "NEW.pem\"");
    }
    if (certificate->key == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "this PFX holds no private key; export it "
                         "again with its key");
    }
    return true;
}

static bool read_pfx(struct buf *file, const struct secret *password,
                     struct certificate *certificate, struct error *err)
{
    const unsigned char *at = file->data;
    PKCS12 *pfx = d2i_PKCS12(NULL, &at, (long)file->size);
    if (pfx == NULL) {
        return error_set(err, ERROR_CONFIG, "it is neither PEM nor PFX");
    }
    bool ok = open_pfx(pfx, password, certificate, err);
    PKCS12_free(pfx);
    return ok;
}

static bool check_key(const struct certificate *certificate, struct error *err)
{
    if (EVP_PKEY_get_base_id(certificate->key) != EVP_PKEY_RSA) {
        const char *type = EVP_PKEY_get0_type_name(certificate->key);
        return error_set(err, ERROR_CONFIG,
                         "its key is of type %s, and Entra ID takes RSA keys only; make "
                         "a certificate with an RSA key",
                         type == NULL ? "unknown" : type);
    }
    if (EVP_PKEY_get_bits(certificate->key) < CERTIFICATE_RSA_BITS_MIN) {
        return error_set(err, ERROR_CONFIG, "its RSA key has %d bits; %d are the least",
                         EVP_PKEY_get_bits(certificate->key), CERTIFICATE_RSA_BITS_MIN);
    }
    return true;
}

/* Takes the certificate of key out of the chain. */
static bool find_leaf(struct certificate *certificate, struct error *err)
{
    int count = sk_X509_num(certificate->chain);
    for (int i = 0; i < count; i++) {
        X509 *one = sk_X509_value(certificate->chain, i);
        if (X509_check_private_key(one, certificate->key) == 1) {
            certificate->leaf = sk_X509_delete(certificate->chain, i);
            return true;
        }
    }
    return error_set(err, ERROR_CONFIG,
                     count <= 0 ? "it holds no certificate; put key and certificate in "
                                  "one file"
                                : "none of its certificates belongs to its key");
}

static int64_t expiry_of(const X509 *leaf)
{
    int days = 0;
    int seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(leaf));
    ASN1_TIME_free(epoch);
    return (int64_t)days * MS_PER_DAY + (int64_t)seconds * MS_PER_SECOND;
}

bool certificate_load(const char *path, const struct secret *password,
                      struct certificate **certificate, struct error *err)
{
    static const char pem[] = "-----BEGIN ";
    struct certificate *made = mem_new(1, sizeof(*made));
    struct buf file;
    buf_init(&file, FILE_MAX);

    bool ok = key_file_read(path, &file, err);
    if (ok) {
        bool is_pem = strstr(buf_text(&file), pem) != NULL;
        ok = is_pem ? read_pem(&file, password, made, err)
                    : read_pfx(&file, password, made, err);
    }
    ok = ok && check_key(made, err) && find_leaf(made, err);
    ERR_clear_error();
    key_file_clear(&file);
    if (!ok) {
        certificate_free(made);
        return error_context(err, "client certificate %s", path);
    }
    made->not_after_ms = expiry_of(made->leaf);
    *certificate = made;
    return true;
}
