/*
 * Which places in a record are wanted, compiled into a trie that the scanner
 * walks while it reads.
 *
 *   userIdentity.sessionContext.attributes.mfaAuthenticated
 *   requestParameters."a.key with dots"       a quoted key may hold anything
 *   requestParameters.items[*].groupId        every element
 *   tags[Key=owner].Value                     elements whose member says so
 *   properties.requestbody!.properties.role   '!' reads JSON held in a string
 *
 * At most 12 steps, two of them brackets. A path that ends in '!' or at an
 * object or array yields that value whole.
 *
 * Errors: ERROR_CONFIG with the column of the fault.
 */
#ifndef RECORD_PATHS_H
#define RECORD_PATHS_H

#include "base/error.h"

#include <stddef.h>

enum { PATHS_STEPS_MAX = 12, PATHS_BRACKETS_MAX = 2 };

struct paths;

struct paths *paths_new(void);
void paths_free(struct paths *paths);

/*
 * Wants the value at text; *slot is where struct values will hold it. The same
 * text gets the same slot.
 */
bool paths_add(struct paths *paths, const char *text, size_t *slot, struct error *err);
/* How many slots there are. */
size_t paths_count(const struct paths *paths);
/* The text of a slot. Borrowed from paths. */
const char *paths_text(const struct paths *paths, size_t slot);
/* Says that no more will be added; must come before the first scan. */
void paths_seal(struct paths *paths);

#endif
