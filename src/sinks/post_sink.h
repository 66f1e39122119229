/*
 * What sinks that post over HTTP have in common as sinks: opening, a heartbeat before
 * anything is sent to a held one, and sending a batch.
 */
#ifndef SINKS_POST_SINK_H
#define SINKS_POST_SINK_H

#include "sinks/post_dialect.h"
#include "sinks/sink.h"

/* Checks what can be seen without a request. Takes options, also when it fails. */
bool post_sink_open_take(struct post_options *options, enum event_format format,
                         struct sink **sink, struct error *err);
/* As sink_type.send and sink_type.close. */
bool post_sink_send(struct sink *sink, const struct runtime *runtime,
                    const struct batch *batch, struct outcome *outcomes,
                    struct error *err);
void post_sink_close(struct sink *sink);

#endif
