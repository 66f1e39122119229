/*
 * Every provider this program has.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "provider.h"

/* By name, in alphabetical order; ends with NULL. */
extern const struct provider *const providers[];

#endif
