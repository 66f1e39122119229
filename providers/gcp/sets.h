/*
 * From an entry of the configuration to sources, each a set of up to 100 names of
 * projects, folders, organisations, billing accounts and views: what one request of
 * entries.list can ask, and all that it may cost.
 *
 * Sets are sticky. A name stays where it was put, because the set's marks are its marks;
 * a newcomer is put into a set that is new as well, and so read from lookback on; a name
 * that is no longer found leaves its set.
 *
 * A name that is denied to us, or absent, would keep its set from being read: it is put
 * into a set of its own ("after" the one it comes from), which begins where that one had
 * come to, and is read from there when it answers again. Nothing is lost, and the others
 * go on.
 *
 * settings may hold "known", what was found before: [{"name": suffix, "found": {...}}].
 */
#ifndef GCP_SETS_H
#define GCP_SETS_H

#include "provider.h"

enum { SETS_NAMES_MAX = 100 };

/* As struct provider's check and expand. */
bool sets_check(const json_t *settings, struct error *err);
bool sets_expand(const json_t *settings, const struct runtime *runtime, json_t **sources,
                 struct error *err);

#endif
