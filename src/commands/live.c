#include "commands/live.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "event/notice.h"
#include "net/http.h"
#include "sinks/send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLOCK_OFF_MS = 60 * 1000, NOTICE_MAX = 64 << 10, DATE_HOUR_SIZE = 13 };

/* What is being checked, and whether all of it worked so far. */
struct live {
    const struct config *config;
    const struct runtime *runtime;
    bool sends;
    bool has_failed;
};

static int64_t monotonic_ms(const struct live *live)
{
    return live->runtime->monotonic_ms(live->runtime->context);
}

static int64_t wall_ms(const struct live *live)
{
    return live->runtime->now_ms(live->runtime->context);
}

static void tell_failure(struct live *live, const char *kind, const char *name,
                         const struct error *err)
{
    live->has_failed = true;
    printf("%s %-30s %-11s %s\n", kind, name, error_kind_name(err->kind), err->text);
}

/* Seconds with one decimal; how far the cloud's clock is from ours. */
static void tell_source(const struct live *live, const char *name, int64_t took_ms,
                        int64_t date_ms)
{
    printf("source %-30s %-11s answered in %" PRId64 " ms", name, "ok", took_ms);
    if (date_ms != 0) {
        int64_t off_ms = date_ms - wall_ms(live);
        bool is_ahead = off_ms > 0;
        off_ms = is_ahead ? off_ms : -off_ms;
        if (off_ms > CLOCK_OFF_MS) {
            printf("; this machine's clock is %" PRId64
                   " s %s the cloud's: synchronise it",
                   off_ms / MS_PER_SECOND, is_ahead ? "behind" : "ahead of");
        } else {
            printf("; the clocks agree within %" PRId64 " s",
                   (off_ms + MS_PER_SECOND) / MS_PER_SECOND);
        }
    }
    printf("\n");
}

/* The last minute that the first pass would read. */
static struct slice recent(const struct live *live, const struct slicing *slicing)
{
    int64_t now_ms = wall_ms(live);
    int64_t b_ms = now_ms - slicing->age_ms[0];
    b_ms -= b_ms % slicing->grain_ms;
    return (struct slice){
        .a_ms = b_ms - MS_PER_MINUTE, .b_ms = b_ms, .began_ms = now_ms};
}

static bool ask(const struct live *live, const struct provider *provider,
                const json_t *settings, struct page *page, struct error *err)
{
    struct session *session = NULL;
    if (!provider->open(settings, live->runtime, &session, err)) {
        return false;
    }
    const struct slicing *slicing = provider->slicing;
    struct slice slice = slicing == NULL ? (struct slice){0} : recent(live, slicing);
    bool ok =
        provider->poll(session, slicing == NULL ? NULL : &slice, NULL, page, err) ||
        err->kind == ERROR_TOO_BIG; /* it answered, with more than fits */
    provider->close(session);
    return ok;
}

static void check_source(struct live *live, const struct config_source *entry,
                         const json_t *settings)
{
    struct error err = {0};
    struct page page = {0};
    const char *suffix = json_string_value(json_object_get(settings, "name"));
    char *name = suffix == NULL || suffix[0] == '\0'
                     ? mem_dup(entry->name)
                     : mem_format("%s-%s", entry->name, suffix);
    int64_t began = monotonic_ms(live);
    if (ask(live, entry->provider, settings, &page, &err)) {
        tell_source(live, name, monotonic_ms(live) - began, page.date_ms);
    } else {
        tell_failure(live, "source", name, &err);
    }
    fflush(stdout);
    page_clear(&page);
    free(name);
}

static void check_entry(struct live *live, const struct config_source *entry)
{
    struct error err = {0};
    json_t *sources = NULL;
    if (!entry->provider->expand(entry->settings, live->runtime, &sources, &err)) {
        tell_failure(live, "source", entry->name, &err);
        return;
    }
    size_t i = 0;
    json_t *settings = NULL;
    json_array_foreach(sources, i, settings)
    {
        check_source(live, entry, settings);
    }
    json_decref(sources);
}

/* A batch of one: that somebody asked whether the platform takes events. */
static bool write_heartbeat(const struct live *live, const struct config_sink *entry,
                            struct batch *batch, struct error *err)
{
    struct buf id;
    char time[TIMESTAMP_TEXT_SIZE];
    char about[DATE_HOUR_SIZE + sizeof("check:")];
    struct event_origin origin = {.source = "check"};
    timestamp_format(wall_ms(live), time);
    snprintf(about, sizeof(about), "check:%.*s", DATE_HOUR_SIZE, time);
    const struct notice notice = {
        .kind = "heartbeat",
        .about = about,
        .message = "auditbridge check --live --send asks whether this platform takes events",
        .time_ms = wall_ms(live),
    };
    buf_init(&id, EVENT_ID_ROOM);
    struct batch_event *event = batch_add(batch);
    struct buf *body = &batch->bodies[entry->format];
    bool ok = event_origin_init(&origin, NULL, NULL, err) &&
              notice_write(&origin, &notice, &id, body);
    event->text[entry->format].size = body->size;
    event->time_ms = notice.time_ms;
    buf_add_bytes(&batch->ids, buf_bytes(&id));
    buf_add_byte(&batch->ids, '\0');
    event_origin_clear(&origin);
    buf_clear(&id);
    return ok;
}

static bool send_heartbeat(const struct live *live, const struct config_sink *entry,
                           struct sink *sink, struct error *err)
{
    struct batch batch;
    struct outcome outcome = {.kind = OUTCOME_RETRY};
    batch_init(&batch, "check");
    bool ok = write_heartbeat(live, entry, &batch, err) &&
              entry->type->send(sink, live->runtime, &batch, &outcome, err);
    if (ok && outcome.kind == OUTCOME_REFUSED) {
        ok = error_set(err, ERROR_DENIED, "it refused a heartbeat: %s", outcome.reason);
    } else if (ok && outcome.kind == OUTCOME_RETRY) {
        ok = error_set(err, ERROR_BUSY, "it did not say what became of a heartbeat");
    }
    batch_clear(&batch);
    return ok;
}

static void check_sink(struct live *live, const struct config_sink *entry)
{
    struct error err = {0};
    struct sink *sink = NULL;
    int64_t began = monotonic_ms(live);
    bool ok =
        entry->type->open(entry->settings, entry->format, live->runtime, &sink, &err) &&
        (!live->sends || send_heartbeat(live, entry, sink, &err));
    if (ok) {
        printf("sink   %-30s %-11s %s in %" PRId64 " ms\n", entry->name, "ok",
               live->sends ? "took a heartbeat" : "opened", monotonic_ms(live) - began);
    } else {
        tell_failure(live, "sink  ", entry->name, &err);
    }
    fflush(stdout);
    entry->type->close(sink);
}

int live_check(const struct command_setup *setup, bool sends)
{
    struct error err = {0};
    struct runtime runtime = {0};
    if (!http_global_init(&err)) {
        fprintf(stderr, "auditbridge check: %s\n", err.text);
        return EXIT_FAILED;
    }
    runtime_init(&runtime);
    struct live live = {.config = &setup->config, .runtime = &runtime, .sends = sends};
    for (size_t i = 0; i < setup->config.source_count; i++) {
        check_entry(&live, &setup->config.sources[i]);
    }
    for (size_t i = 0; i < setup->config.sink_count; i++) {
        check_sink(&live, &setup->config.sinks[i]);
    }
    runtime_clear(&runtime);
    http_global_cleanup();
    return live.has_failed ? EXIT_FAILED : EXIT_GOOD;
}
