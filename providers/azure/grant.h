/*
 * What to grant an identity that was refused: commands of the Azure CLI for exactly what
 * is missing and, where it is known, exactly this identity.
 *
 *   az role assignment create --assignee 99999999-8888-7777-6666-000000000000
 *       --role Reader --scope /subscriptions/5a000000-0000-4000-8000-000000000001
 */
#ifndef AZURE_GRANT_H
#define AZURE_GRANT_H

#include "azure/identity.h"

/* Reader, in Azure Resource Manager, from scope downwards. The caller's. */
char *grant_reader(const struct identity *identity, const char *scope);
/* The application permissions of Microsoft Graph that its logs need. The caller's. */
char *grant_graph(const struct identity *identity, const char *graph);

#endif
