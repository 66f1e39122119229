/*
 * Tokens of managed identities, from the service that the platform keeps for them: IMDS
 * on virtual machines and AKS nodes, App Service and Container Apps, Azure Arc.
 *
 *   GET /metadata/identity/oauth2/token?api-version=2018-02-01
 *       &resource=https%3A%2F%2Fmanagement.azure.com[&client_id=...] HTTP/1.1
 *   Host: 169.254.169.254
 *   Metadata: true                    (App Service: X-IDENTITY-HEADER: $IDENTITY_HEADER)
 *
 * Arc answers 401 and names a file that only its group may read; the request is repeated
 * with what is in it.
 *
 * While a machine starts, IMDS answers 404, 410 or 429 for a while: that is repeated.
 *
 * Errors: ERROR_DENIED (no such identity), ERROR_CONFIG (Arc's key file), those of
 * net/http.h and token.h.
 */
#ifndef AZURE_MANAGED_H
#define AZURE_MANAGED_H

#include "azure/credential.h"
#include "net/token.h"
#include "runtime.h"

/* Asks for a token for audience. The caller clears. */
bool managed_token(const struct credential *credential, const struct runtime *runtime,
                   const char *audience, struct token *token, struct error *err);

/*
 * The key file that Arc's challenge "Basic realm=/var/opt/azcmagent/tokens/X.key" names:
 * one directly in that directory, or NULL. The caller frees.
 */
char *managed_key_path(const char *challenge);

#endif
