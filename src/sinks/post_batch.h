/*
 * Posts the undecided events of a batch and finds out what became of each.
 *
 * What does not fit in one body goes in several. 413 halves a request; 400 and 422 halve
 * it down to the event that is refused, in about 2 log2(n) requests. An event that is too
 * long by itself is sent once more without its record.
 *
 * Refused events are believed only of a sink that takes something: an event before
 * them, or else a heartbeat. A sink that takes neither, that refuses too much
 * (sinks/hold.h) or that refuses the credential is held, and then nothing was refused.
 *
 * Errors: ERROR_DENIED, ERROR_CONFIG (held by now); ERROR_BUSY, ERROR_UNREACHABLE (noted
 * as down); ERROR_STOPPED.
 */
#ifndef SINKS_POST_BATCH_H
#define SINKS_POST_BATCH_H

#include "sinks/hold.h"
#include "sinks/post.h"
#include "sinks/sink.h"

/* What one call of send works with. */
struct post_batch {
    const struct post_options *options;
    struct hold *hold;
    const struct runtime *runtime;
    enum event_format format;
    const struct batch *batch;
};

/*
 * Decides every undecided event, or none of them is refused and err says why. Events that
 * were taken stay so.
 */
bool post_batch_send(const struct post_batch *work, struct outcome *outcomes,
                     struct error *err);

/* The state of the clocks and the credential files now. */
struct hold_moment post_batch_moment(const struct post_options *options,
                                     const struct runtime *runtime);

#endif
