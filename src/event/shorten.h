/*
 * An event that is too long for a sink, without its event.original (ocsf: raw_data): the
 * first thing to go, because its hash still tells whether a record found elsewhere is the
 * same one. moj.truncated says what was done.
 */
#ifndef EVENT_SHORTEN_H
#define EVENT_SHORTEN_H

#include "event/event.h"

/*
 * Appends event, as event_write wrote it in format, without its record to out. False,
 * and out as before, when there is nothing to leave out or out's limit is reached.
 */
bool event_shorten(enum event_format format, struct bytes event, struct buf *out);

#endif
