/*
 * The Azure Activity Log of one subscription, or of the tenant level, by the REST API.
 * docs/providers/azure.md says what an operator needs to know.
 */
#ifndef AZURE_ACTIVITY_H
#define AZURE_ACTIVITY_H

#include "provider.h"

extern const struct provider provider_azure_activity;

#endif
