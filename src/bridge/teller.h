/*
 * Tells the platform how the sources of a fleet stand (bridge/notices.h): once a minute
 * while a crew runs, from a thread of its own, so that a held sink keeps neither readers
 * nor leases waiting; and a last time when the run is over. Every function accepts NULL:
 * a teller that tells nothing.
 */
#ifndef BRIDGE_TELLER_H
#define BRIDGE_TELLER_H

#include "bridge/worker.h"

struct teller;

/* shared: of the threads' workers; its store and runtime are used. */
struct teller *teller_new(const struct worker *shared);
/* A source joins the fleet: in the order of their places. */
void teller_add(struct teller *teller, const struct source *source);
/* A turn of source has ended, or could not begin. For who holds source. */
void teller_saw(struct teller *teller, const struct source *source);
/*
 * Tells a last time, until deadline_ms on the monotonic clock (0: as long as it takes),
 * and releases teller; every source has been given back before. False when something
 * could not be told: the next run tells it.
 */
bool teller_end(struct teller *teller, int64_t deadline_ms);

#endif
