/*
 * Tokens from Entra ID's token endpoint, by client secret, client certificate or a
 * federated token, whose file is read again at each request.
 *
 *   POST /{tenant}/oauth2/v2.0/token HTTP/1.1
 *   Host: login.microsoftonline.com
 *   Content-Type: application/x-www-form-urlencoded
 *
 *   client_id=...&scope=https%3A%2F%2Fmanagement.azure.com%2F.default
 *   &grant_type=client_credentials&client_secret=...
 *
 * or, instead of client_secret, client_assertion_type=urn:ietf:params:oauth:
 * client-assertion-type:jwt-bearer&client_assertion=...
 *
 * An assertion that came too early or late by this machine's clock is made again once, by
 * Entra's.
 *
 * Errors: ERROR_CONFIG (token file), ERROR_DENIED (entra_fault.h), those of net/http.h
 * and token.h.
 */
#ifndef AZURE_ENTRA_H
#define AZURE_ENTRA_H

#include "azure/credential.h"
#include "net/token.h"
#include "runtime.h"

/* Asks for a token for audience. The caller clears. */
bool entra_token(const struct credential *credential, const struct runtime *runtime,
                 const char *audience, struct token *token, struct error *err);

#endif
