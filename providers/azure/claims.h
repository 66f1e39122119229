/*
 * What of the caller's token an event may carry. Azure copies the claims of the token
 * into each record: groups, device, network location, names. The setting "claims" says
 * how much of that leaves: minimal (who, which application, from where), all, or none.
 */
#ifndef AZURE_CLAIMS_H
#define AZURE_CLAIMS_H

#include "provider.h"

extern const char *const claims_choices[];

/* The paths to take out for choice: an array, the caller's. */
json_t *claims_redact(const char *choice);

#endif
