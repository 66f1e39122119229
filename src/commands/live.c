#include "commands/live.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/discovery.h"
#include "commands/live_source.h"
#include "commands/table.h"
#include "event/notice.h"
#include "net/http.h"
#include "sinks/send.h"
#include "store/overlay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_SIZE = sizeof("2026-11-24T09") - 1, NAME_WIDTH = 40, SEND_MS = 30 * 1000 };

/* What is being checked, and what came of it so far. */
struct live {
    const struct config *config;
    struct runtime runtime;
    struct store *store; /* an overlay: only what was discovered is read from it */
    struct live_source *sources;
    size_t source_count;
    int width; /* of the longest name, within reason */
    size_t failed;
};

static int64_t monotonic_ms(const struct live *live)
{
    return live->runtime.monotonic_ms(live->runtime.context);
}

static int64_t wall_ms(const struct live *live)
{
    return live->runtime.now_ms(live->runtime.context);
}

static void widen(struct live *live, const char *name)
{
    int width = (int)strlen(name);
    width = width > NAME_WIDTH ? NAME_WIDTH : width;
    live->width = width > live->width ? width : live->width;
}

static void tell(struct live *live, const char *kind, const char *name, const char *text)
{
    printf("%-6s %-*s  ", kind, live->width, name);
    table_put(text, stdout);
    printf("\n");
    fflush(stdout);
}

static void tell_failure(struct live *live, const char *kind, const char *name,
                         const struct error *err)
{
    char *text = mem_format("%-11s %s", error_kind_name(err->kind), err->text);
    tell(live, kind, name, text);
    free(text);
    live->failed++;
}

/* Finds what the entry stands for, as a run would. */
static void expand(struct live *live, const struct config_source *entry)
{
    struct error err = {0};
    struct discovery_result found = {0};
    const struct discovery discovery = {&live->runtime, &overlay_type, live->store};
    if (!discovery_run(&discovery, entry, &found, &err)) {
        tell_failure(live, "source", entry->name, &err);
    } else if (found.is_lacking) { /* the log has said which account, and why */
        tell(live, "source", entry->name,
             "an account could not be asked for its regions");
        live->failed++;
    }
    live->sources = mem_resize(live->sources, live->source_count + found.count + 1,
                               sizeof(*live->sources));
    for (size_t i = 0; i < found.count; i++) {
        if (!found.sources[i].is_gone) {
            live->sources[live->source_count++] = (struct live_source){
                .entry = entry,
                .name = mem_dup(found.sources[i].name),
                .settings = json_incref(found.sources[i].settings),
            };
            widen(live, found.sources[i].name);
        }
    }
    discovery_result_clear(&found);
}

static void tell_source(const struct live_source *source, void *context)
{
    struct live *live = context;
    tell(live, "source", source->name, source->answer);
    size_t i = 0;
    json_t *finding = NULL;
    json_array_foreach(source->findings, i, finding)
    {
        char *text =
            mem_format("%-11s %s", json_string_value(json_object_get(finding, "kind")),
                       json_string_value(json_object_get(finding, "text")));
        tell(live, "source", source->name, text);
        free(text);
    }
    live->failed += source->is_good ? 0 : 1;
}

static bool write_heartbeat(const struct live *live, const struct config_sink *entry,
                            struct batch *batch, struct error *err)
{
    struct buf id;
    char time[TIMESTAMP_TEXT_SIZE];
    struct event_origin origin = {.source = "check"};
    timestamp_format(wall_ms(live), time);
    char *about = mem_format("check:%.*s", HOUR_SIZE, time);
    const struct notice notice = {
        .kind = "heartbeat",
        .about = about,
        .message = "auditbridge check --live --send asks whether this platform takes "
                   "events",
        .time_ms = wall_ms(live),
    };
    buf_init(&id, EVENT_ID_ROOM);
    struct batch_event *event = batch_add(batch);
    struct buf *body = &batch->bodies[entry->format];
    bool ok = event_origin_init(&origin, NULL, NULL, err) &&
              notice_write(entry->format, &origin, &notice, &id, body);
    event->text[entry->format].size = body->size;
    event->time_ms = notice.time_ms;
    event->is_own = true;
    buf_add_bytes(&batch->ids, buf_bytes(&id));
    buf_add_byte(&batch->ids, '\0');
    event_origin_clear(&origin);
    buf_clear(&id);
    free(about);
    return ok;
}

static bool send_heartbeat(const struct live *live, const struct config_sink *entry,
                           struct sink *sink, struct error *err)
{
    struct batch batch;
    struct outcome outcome = {.kind = OUTCOME_RETRY};
    batch_init(&batch, "check");
    batch.deadline_ms = monotonic_ms(live) + SEND_MS;
    bool ok = write_heartbeat(live, entry, &batch, err) &&
              entry->type->send(sink, &live->runtime, &batch, &outcome, err);
    if (ok && outcome.kind == OUTCOME_REFUSED) {
        ok = error_set(err, ERROR_DENIED, "it refuses a heartbeat: %s", outcome.reason);
    } else if (ok && outcome.kind == OUTCOME_RETRY) {
        ok = error_set(err, ERROR_BUSY, "it did not say what became of a heartbeat");
    }
    batch_clear(&batch);
    return ok;
}

static void check_sink(struct live *live, const struct config_sink *entry, bool sends)
{
    struct error err = {0};
    struct sink *sink = NULL;
    int64_t began = monotonic_ms(live);
    bool ok =
        entry->type->open(entry->settings, entry->format, &live->runtime, &sink, &err) &&
        (!sends || send_heartbeat(live, entry, sink, &err));
    if (ok) {
        char *text =
            sends
                ? mem_format("%-11s took a heartbeat in %" PRId64 " ms", "ok",
                             monotonic_ms(live) - began)
                : mem_format("%-11s opened; --send shows whether it takes events", "ok");
        tell(live, "sink", entry->name, text);
        free(text);
    } else {
        tell_failure(live, "sink", entry->name, &err);
    }
    entry->type->close(sink);
}

static void check_all(struct live *live, bool sends)
{
    const struct config *config = live->config;
    for (size_t i = 0; i < config->source_count; i++) {
        widen(live, config->sources[i].name);
    }
    for (size_t i = 0; i < config->sink_count; i++) {
        widen(live, config->sinks[i].name);
    }
    for (size_t i = 0; i < config->source_count; i++) {
        expand(live, &config->sources[i]);
    }
    live_source_ask(live->sources, live->source_count, tell_source, live);
    for (size_t i = 0; i < config->sink_count; i++) {
        check_sink(live, &config->sinks[i], sends);
    }
    if (live->failed > 0) {
        printf("%zu of them did not work; what is to be done stands beside each\n",
               live->failed);
    }
}

static void clear(struct live *live)
{
    for (size_t i = 0; i < live->source_count; i++) {
        free(live->sources[i].name);
        free(live->sources[i].answer);
        json_decref(live->sources[i].findings);
        json_decref(live->sources[i].settings);
    }
    free(live->sources);
    overlay_type.close(live->store);
    runtime_clear(&live->runtime);
    http_global_cleanup();
}

int live_check(const struct command_setup *setup, bool sends)
{
    struct error err = {0};
    struct live live = {.config = &setup->config};
    bool ok = http_global_init(&err);
    if (ok) {
        runtime_init(&live.runtime);
        ok = overlay_type.open(setup->config.state, &live.runtime, &live.store, &err);
    }
    if (ok) {
        check_all(&live, sends);
    } else {
        fprintf(stderr, "auditbridge check: %s\n", err.text);
    }
    clear(&live);
    return ok && live.failed == 0 ? EXIT_GOOD : EXIT_FAILED;
}
