/*
 * What happens to a batch once it is read: drop what is known, send, commit.
 */
#ifndef BRIDGE_DELIVER_H
#define BRIDGE_DELIVER_H

#include "bridge/worker.h"

/*
 * Delivers batch to every required sink and only then moves the source past it.
 * finished_pages: how many pages the slice took when it was read to its end; 0
 * while it goes on. claim's cursor holds the place after the batch.
 */
bool deliver_batch(struct worker *worker, struct source *source, struct batch *batch,
                   size_t finished_pages, struct error *err);

#endif
