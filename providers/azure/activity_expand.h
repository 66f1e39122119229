/*
 * Which logs a config entry of azure-activity reads: one source for each subscription
 * (listed, below a management group, or all that the identity can see), and one for the
 * tenant level.
 *
 *   GET /subscriptions?api-version=2022-12-01
 *   GET /providers/Microsoft.Management/managementGroups/{group}/descendants
 *       ?api-version=2020-05-01
 *
 * A subscription that is disabled is read still: its log is. One that was deleted is not
 * in the answer.
 */
#ifndef AZURE_ACTIVITY_EXPAND_H
#define AZURE_ACTIVITY_EXPAND_H

#include "provider.h"

/* As provider.expand. */
bool activity_expand(const json_t *settings, const struct runtime *runtime,
                     json_t **sources, struct error *err);

#endif
