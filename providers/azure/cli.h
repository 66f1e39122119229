/*
 * Tokens of whoever is signed in to the Azure CLI, for trying things out by hand:
 *
 *   az account get-access-token --output json --resource AUDIENCE [--tenant TENANT]
 *
 * run by its arguments, without a shell.
 *
 * Errors: ERROR_CONFIG (az is not there, or nobody is signed in), ERROR_UNREACHABLE (it
 * took too long), those of token.h.
 */
#ifndef AZURE_CLI_H
#define AZURE_CLI_H

#include "azure/credential.h"
#include "net/token.h"
#include "runtime.h"

/* Asks for a token for audience. The caller clears. */
bool cli_token(const struct credential *credential, const struct runtime *runtime,
               const char *audience, struct token *token, struct error *err);

#endif
