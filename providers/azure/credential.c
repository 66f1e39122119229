#include "azure/credential.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* The first few are choices too, in this order. */
static const char *const names[] = {
    [CREDENTIAL_CLIENT_SECRET] = "client secret",
    [CREDENTIAL_CLIENT_CERTIFICATE] = "client certificate",
    [CREDENTIAL_WORKLOAD_IDENTITY] = "workload identity",
    [CREDENTIAL_MANAGED_IDENTITY] = "managed identity",
    [CREDENTIAL_APP_SERVICE] = "managed identity (App Service)",
    [CREDENTIAL_ARC] = "managed identity (Azure Arc)",
    [CREDENTIAL_IMDS] = "managed identity (IMDS)",
    [CREDENTIAL_AZURE_CLI] = "Azure CLI",
    [CREDENTIAL_AUTO] = "auto",
};

const char *credential_name(enum credential_kind kind)
{
    return names[kind];
}

void credential_clear(struct credential *credential)
{
    free(credential->authority);
    free(credential->authority_host);
    free(credential->tenant);
    free(credential->client_id);
    free(credential->object_id);
    free(credential->resource_id);
    free(credential->token_file);
    free(credential->endpoint);
    free(credential->ca_file);
    secret_clear(&credential->secret);
    certificate_free(credential->certificate);
    *credential = (struct credential){0};
}

/* Hashes text with its NUL, so that no two lists of texts run together. */
static void add_text(EVP_MD_CTX *digest, const char *text)
{
    text = text == NULL ? "" : text;
    EVP_DigestUpdate(digest, text, strlen(text) + 1);
}

void credential_digest(const struct credential *credential, uint8_t out[DIGEST_SIZE])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    add_text(digest, names[credential->kind]);
    add_text(digest, credential->authority);
    add_text(digest, credential->tenant);
    add_text(digest, credential->client_id);
    add_text(digest, credential->object_id);
    add_text(digest, credential->resource_id);
    add_text(digest, credential->token_file);
    add_text(digest, credential->endpoint);
    add_text(digest, credential->ca_file);
    add_text(digest, secret_reveal(&credential->secret));
    add_text(digest, credential->is_rs256 ? "RS256" : "");
    add_text(digest, credential->has_chain ? "x5c" : "");
    if (credential->certificate != NULL) {
        uint8_t print[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        X509_digest(credential->certificate->leaf, EVP_sha256(), print, &size);
        EVP_DigestUpdate(digest, print, size);
    }
    EVP_DigestFinal_ex(digest, out, NULL);
    EVP_MD_CTX_free(digest);
}
