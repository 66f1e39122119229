#include "sinks/post_probe.h"

#include "base/timestamp.h"
#include "event/notice.h"

#include <stdio.h>

enum { PROBE_MAX = 64 << 10, HOUR_TEXT = 13 }; /* "2026-11-24T09" */

/* The heartbeat of this hour: its id is the same for all of it. */
static bool write_probe(enum event_format format, struct event_origin *origin,
                        int64_t now_ms, struct buf *id, struct buf *out)
{
    char time[TIMESTAMP_TEXT_SIZE];
    char about[HOUR_TEXT + sizeof("probe:")];
    timestamp_format(now_ms, time);
    snprintf(about, sizeof(about), "probe:%.*s", HOUR_TEXT, time);
    const struct notice notice = {
        .kind = "heartbeat",
        .about = about,
        .message = "auditbridge asks whether this platform takes events",
        .time_ms = now_ms,
    };
    return notice_write(format, origin, &notice, id, out);
}

/* A heartbeat that has an outcome of its own, as one verdict. */
static enum post_verdict verdict_of(const struct outcome *outcome, struct error *err)
{
    switch (outcome->kind) {
    case OUTCOME_ACCEPTED:
    case OUTCOME_DUPLICATE:
        return POST_ACCEPTED;
    case OUTCOME_REFUSED:
        error_set(err, ERROR_DATA, "%s", outcome->reason);
        return POST_REFUSED;
    default:
        error_set(err, ERROR_BUSY, "it put off a heartbeat");
        return POST_FAILED;
    }
}

enum post_verdict post_probe_send(const struct post_options *options,
                                  const struct runtime *runtime, const char *source,
                                  int64_t deadline_ms, struct error *err)
{
    enum post_verdict verdict = POST_FAILED;
    struct buf id;
    struct buf text;
    struct post_body body;
    buf_init(&id, EVENT_ID_ROOM);
    buf_init(&text, PROBE_MAX);
    post_body_init(&body, options);
    int64_t now_ms = runtime->now_ms(runtime->context);
    struct event_origin origin = {.source = source};
    bool ok = event_origin_init(&origin, NULL, NULL, err) &&
              write_probe(options->format, &origin, now_ms, &id, &text);
    event_origin_clear(&origin);
    const struct post_event event = {buf_bytes(&text), buf_text(&id), now_ms, now_ms};
    if (!ok || !post_body_add(&body, &event)) {
        error_set(err, ERROR_CONFIG, "max_body_size has no room for a heartbeat");
    } else {
        verdict = post_send(&body, runtime, deadline_ms, err);
        if (verdict == POST_MIXED) {
            verdict = verdict_of(&body.outcomes[0], err);
        }
    }
    post_body_clear(&body);
    buf_clear(&text);
    buf_clear(&id);
    return verdict;
}
