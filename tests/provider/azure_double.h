/*
 * An identity that needs no Entra: its tokens are "token-1", and one more at each
 * refresh. Linked instead of providers/azure/identity.c.
 */
#ifndef AZURE_DOUBLE_H
#define AZURE_DOUBLE_H

#include "azure/identity.h"

#define AZURE_DOUBLE_ID "c1000000-0000-4000-8000-00000000000a"

/* Starts again with token-1. */
void azure_double_reset(void);
/* Whether it is a system-assigned managed identity, of which no id is known. */
void azure_double_manage(bool is_on);
/* What the last token was asked for. */
const char *azure_double_audience(void);

#endif
