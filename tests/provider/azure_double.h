/*
 * An identity that needs no Entra: its tokens are "token-1", and one more at each
 * refresh. Linked instead of providers/azure/identity.c.
 */
#ifndef AZURE_DOUBLE_H
#define AZURE_DOUBLE_H

#include "azure/identity.h"

/* Starts again with token-1. */
void azure_double_reset(void);
/* What the last token was asked for. */
const char *azure_double_audience(void);

#endif
