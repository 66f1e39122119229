/*
 * Takes values out of a record before it leaves: what an operator names in a
 * source's `redact`, by the paths of record/paths.h.
 *
 * A value becomes "[redacted]", whatever it was. When a path enters a string that
 * holds JSON ('!'), the whole string does. One thread at a time: it keeps what it
 * found in the last record.
 */
#ifndef EVENT_REDACT_H
#define EVENT_REDACT_H

#include "base/error.h"
#include "event/writer.h"
#include "record/scan.h"

#include <jansson.h>

struct redact;

/* paths: an array of path texts. NULL with ERROR_CONFIG for one that is no path. */
struct redact *redact_new(const json_t *paths, struct error *err);
void redact_free(struct redact *redact);

/* Looks through record, which is borrowed until the next. True when a path was hit. */
bool redact_apply(struct redact *redact, struct bytes record);
/* The record without what was hit. Borrowed until the next redact_apply. */
struct bytes redact_bytes(const struct redact *redact);
/* True when value, picked from the record by any scan, may not be shown. */
bool redact_hides(const struct redact *redact, const struct value *value);
/* Writes each path that was hit as a text. */
void redact_write_paths(const struct redact *redact, struct writer *writer);

#endif
