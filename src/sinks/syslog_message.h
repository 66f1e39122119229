/*
 * One event as a syslog message (RFC 5424) in a frame that counts octets (RFC 5425 4.3):
 *
 *   823 <110>1 2026-11-25T09:00:00.123Z bridge-1 auditbridge 77 AUDIT [auditbridge@32473
 *   id="aws:..." principles="2b 3f" source="prod"] {"@timestamp":...}
 *
 * Facility 13 is "log audit" (RFC 5424 6.2.1).
 */
#ifndef SINKS_SYSLOG_MESSAGE_H
#define SINKS_SYSLOG_MESSAGE_H

#include "sinks/sink.h"

/* What every message of a sink has alike. Borrowed. */
struct syslog_style {
    const char *host; /* HOSTNAME: printable ASCII, or "-" */
    int facility;
    int64_t enterprise; /* of the structured data: IANA's private enterprise numbers */
    bool is_cef;
    size_t size_max; /* of a message, without what counts its octets */
};

struct syslog_event {
    struct bytes text; /* in ecs for CEF, else in any format */
    const char *id;
    const char *source;
    uint32_t principles;
    int64_t time_ms;
    bool is_own;
};

/* Appends the frame of event. False: the message is longer than size_max. */
bool syslog_message_add(const struct syslog_style *style,
                        const struct syslog_event *event, struct buf *out);

/* Appends the principles of bits: "2b 3f". */
bool syslog_principles_add(uint32_t bits, struct buf *out);

/*
 * Appends the event in ArcSight's Common Event Format, version 0 (OpenText, "ArcSight
 * Common Event Format Implementation Standard"): names of ecs that it has a key for, the
 * principles in cs1. Without the record. False when text is no event in ecs.
 */
bool syslog_cef_add(const struct syslog_event *event, struct buf *out);

#endif
