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

/*
 * Delivers what an earlier process had kept to be sent, and died before it knew that it
 * had arrived. It settles those events and moves no mark: they are read again and found
 * to be known.
 */
bool deliver_staged(struct worker *worker, struct source *source, struct error *err);

#endif
