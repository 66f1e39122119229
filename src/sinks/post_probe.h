/*
 * A heartbeat: an event of this program's own that a platform must take when it takes
 * anything, and that says nothing when it is taken twice.
 */
#ifndef SINKS_POST_PROBE_H
#define SINKS_POST_PROBE_H

#include "sinks/post.h"

/* Posts it in the name of source. As post_send. */
enum post_verdict post_probe_send(const struct post_options *options,
                                  const struct runtime *runtime, const char *source,
                                  int64_t deadline_ms, struct error *err);

#endif
