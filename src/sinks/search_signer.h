/*
 * Signs what is posted to a search domain or collection of AWS (Signature Version 4): the
 * services "es" (OpenSearch Service) and "aoss" (OpenSearch Serverless), which wants the
 * hash of the body beside the signature.
 * Source: OpenSearch Service Developer Guide, "Signing HTTP requests".
 */
#ifndef SINKS_SEARCH_SIGNER_H
#define SINKS_SEARCH_SIGNER_H

#include "net/http.h"
#include "provider.h"

struct search_signer;

/* The keys of a sink that signs: aws_region says that it does, and who we are to AWS. */
extern const struct setting search_signer_settings[];

/* As sink_type.fault, for these keys. */
const char *search_signer_fault(const json_t *settings, const char **key);
/* *signer is NULL where nothing is signed. ERROR_CONFIG. Sends nothing. */
bool search_signer_new(const json_t *settings, struct search_signer **signer,
                       struct error *err);
void search_signer_free(struct search_signer *signer);

/* A try of a request, as it is sent. */
struct search_try {
    const struct runtime *runtime;
    const struct http_request *request;
    bool refresh; /* the credentials were called expired */
};

/* Adds the headers that sign it. */
bool search_signer_add(const struct search_signer *signer, const struct search_try *try,
                       struct http_extra *extra, struct error *err);
/* Does the answer call the credentials expired? */
bool search_signer_is_stale(const struct http_response *response);

#endif
