/*
 * What has been told of refusals, so that one that goes on is told once an hour: an
 * account that refuses its role refuses it to each of its regions, every minute.
 *
 * Safe from any thread.
 */
#ifndef BRIDGE_DENIALS_H
#define BRIDGE_DENIALS_H

#include "bridge/source.h"

enum { DENIALS_EVERY_MS = 60 * 60 * 1000 };

struct denials;

struct denials *denials_new(void);
/* Accepts NULL. */
void denials_free(struct denials *denials);

/*
 * Whether source->error, an ERROR_DENIED, should be told at now_ms (monotonic): true when
 * no source of the same entry and account was told the same within the hour.
 */
bool denials_tell(struct denials *denials, const struct source *source, int64_t now_ms);

#endif
