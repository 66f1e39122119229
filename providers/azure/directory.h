/*
 * Microsoft Entra's audit and sign-in logs, by Microsoft Graph: one source a tenant and
 * log. docs/providers/azure.md says what an operator needs to know.
 */
#ifndef AZURE_DIRECTORY_H
#define AZURE_DIRECTORY_H

#include "provider.h"

extern const struct provider provider_entra_audit;
extern const struct provider provider_entra_signin;

#endif
