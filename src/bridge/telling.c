#include "bridge/telling.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/receipt.h"

#include <stdio.h>
#include <stdlib.h>

static const struct slicing *slicing_of(const struct telling *telling)
{
    return config_slicing(telling->of->source->config);
}

static int64_t sealed_of(const struct telling *telling)
{
    return telling->standing->mark_ms[slicing_of(telling)->passes - 1];
}

/* "2026-11-24T09": what happens at most once an hour is told apart by it. */
static const char *hour_text(int64_t ms, char out[TIMESTAMP_TEXT_SIZE])
{
    enum { HOUR_SIZE = 13 };
    timestamp_format(ms, out);
    out[HOUR_SIZE] = '\0';
    return out;
}

/* The program and the packs that a source's events are made by. */
static void config_text(const struct telling *telling, char out[STORE_TOLD_TEXT])
{
    const struct mapping *mapping = telling->of->source->origin.mapping;
    const char *hash = mapping == NULL ? NULL : mapping_hash(mapping);
    snprintf(out, STORE_TOLD_TEXT, "%s %s", BRIDGE_VERSION, hash == NULL ? "" : hash);
}

/* From where receipts are owed: a source that was reset owes them from its new start. */
static int64_t owed_from(const struct telling *telling)
{
    const struct store_standing *standing = telling->standing;
    bool is_told = standing->told.start_ms == standing->start_ms &&
                   standing->told.sealed_ms > standing->start_ms;
    return is_told ? standing->told.sealed_ms : standing->start_ms;
}

/* The end of the last whole hour before the last pass's mark. */
static int64_t owed_to(const struct telling *telling)
{
    int64_t sealed_ms = sealed_of(telling);
    return sealed_ms - sealed_ms % MS_PER_HOUR;
}

static bool owes_receipts(const struct telling *telling)
{
    return telling->standing->is_started && slicing_of(telling) != NULL &&
           owed_from(telling) < owed_to(telling);
}

static bool is_denial_new(const struct telling *telling)
{
    return telling->of->denied != NULL &&
           telling->standing->told.denied_hour != telling->of->now_ms / MS_PER_HOUR;
}

static bool is_beat_due(const struct telling *telling)
{
    return telling->of->end != SOURCE_IDLE &&
           telling->standing->told.beat_hour != telling->of->now_ms / MS_PER_HOUR;
}

static bool is_start_new(const struct telling *telling)
{
    const struct store_standing *standing = telling->standing;
    return standing->is_started && standing->told.start_ms != standing->start_ms;
}

static bool is_config_new(const struct telling *telling)
{
    return strcmp(telling->standing->told.config, telling->told.config) != 0;
}

bool telling_is_due(struct telling *telling)
{
    const struct store_standing *standing = telling->standing;
    telling->told = standing->told;
    if (!standing->is_known) {
        return false;
    }
    int64_t hour = telling->of->now_ms / MS_PER_HOUR;
    config_text(telling, telling->told.config);
    telling->told.denied_hour =
        telling->of->denied == NULL ? standing->told.denied_hour : hour;
    telling->told.beat_hour =
        telling->of->end == SOURCE_IDLE ? standing->told.beat_hour : hour;
    if (standing->is_started) {
        telling->told.start_ms = standing->start_ms;
    }
    if (owes_receipts(telling)) {
        telling->told.sealed_ms = owed_to(telling);
    }
    return is_start_new(telling) || is_config_new(telling) || is_denial_new(telling) ||
           is_beat_due(telling) || owes_receipts(telling);
}

static void set_time(json_t *details, const char *name, int64_t ms)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(ms, text);
    json_object_set_new(details, name, json_string(text));
}

static void add_take(const struct telling *telling, struct dispatch *dispatch,
                     size_t owner, struct notice notice, json_t *details)
{
    notice.time_ms = telling->of->now_ms;
    notice.details = details;
    dispatch_add(dispatch, owner, telling->of->source, &notice);
    json_decref(details);
}

/* What the log got later than that after it happened was not asked for. */
static void set_late(const struct telling *telling, json_t *details)
{
    int64_t late_ms = config_late_ms(telling->of->source->settings, slicing_of(telling));
    if (late_ms > 0) {
        json_object_set_new(details, "late_ms", json_integer(late_ms));
    }
}

static void add_start(const struct telling *telling, struct dispatch *dispatch,
                      size_t owner)
{
    char about[TIMESTAMP_TEXT_SIZE] = "once";
    json_t *details = json_object();
    if (slicing_of(telling) != NULL) {
        timestamp_format(telling->standing->start_ms, about);
        set_time(details, "from", telling->standing->start_ms);
        set_late(telling, details);
    }
    add_take(telling, dispatch, owner,
             (struct notice){.kind = "start",
                             .about = about,
                             .message = "reading begins; nothing earlier is claimed"},
             details);
}

/* "0.1.0 hash" into its two parts, as members. */
static void set_config(json_t *details, const char *config, const char *program,
                       const char *hash)
{
    const char *space = strchr(config, ' ');
    size_t size = space == NULL ? strlen(config) : (size_t)(space - config);
    json_object_set_new(details, program, json_stringn(config, size));
    if (space != NULL && space[1] != '\0') {
        json_object_set_new(details, hash, json_string(space + 1));
    }
}

static void add_config(const struct telling *telling, struct dispatch *dispatch,
                       size_t owner)
{
    char about[TIMESTAMP_TEXT_SIZE];
    json_t *details = json_object();
    timestamp_format(telling->of->now_ms, about); /* it may change there and back again */
    set_config(details, telling->told.config, "program", "mapping_hash");
    set_config(details, telling->standing->told.config, "program_before",
               "mapping_hash_before");
    add_take(telling, dispatch, owner,
             (struct notice){.kind = "config",
                             .about = about,
                             .message = "the program or its mapping packs changed"},
             details);
}

static void add_denied(const struct telling *telling, struct dispatch *dispatch,
                       size_t owner)
{
    char about[TIMESTAMP_TEXT_SIZE];
    add_take(telling, dispatch, owner,
             (struct notice){.kind = "denied",
                             .about = hour_text(telling->of->now_ms, about),
                             .message = telling->of->denied,
                             .is_problem = true},
             NULL);
}

static void add_heartbeat(const struct telling *telling, struct dispatch *dispatch,
                          size_t owner)
{
    static const char *const ends[] = {
        [SOURCE_IDLE] = "idle", [SOURCE_DONE] = "done",     [SOURCE_PAUSED] = "paused",
        [SOURCE_HELD] = "held", [SOURCE_FAILED] = "failed",
    };
    const struct store_standing *standing = telling->standing;
    char about[TIMESTAMP_TEXT_SIZE];
    json_t *details = json_pack("{s:s}", "end", ends[telling->of->end]);
    if (standing->is_started && slicing_of(telling) != NULL) {
        set_time(details, "head", standing->mark_ms[0]);
        set_time(details, "sealed", sealed_of(telling));
        json_object_set_new(details, "lag_ms",
                            json_integer(telling->of->now_ms - standing->mark_ms[0]));
    }
    add_take(telling, dispatch, owner,
             (struct notice){.kind = "heartbeat",
                             .about = hour_text(telling->of->now_ms, about)},
             details);
}

void telling_add_state(const struct telling *telling, struct dispatch *dispatch,
                       size_t owner)
{
    if (is_start_new(telling)) {
        add_start(telling, dispatch, owner);
    }
    if (is_config_new(telling) && telling->standing->told.config[0] != '\0') {
        add_config(telling, dispatch, owner);
    }
    if (is_denial_new(telling)) {
        add_denied(telling, dispatch, owner);
    }
    if (is_beat_due(telling)) {
        add_heartbeat(telling, dispatch, owner);
    }
}

bool telling_has_receipts(const struct telling *telling, struct store_stretch *stretch)
{
    if (!owes_receipts(telling)) {
        return false;
    }
    *stretch = (struct store_stretch){telling->standing->source, owed_from(telling),
                                      owed_to(telling)};
    return true;
}

static void add_receipt(const struct telling *telling, struct dispatch *dispatch,
                        size_t owner, const struct receipt *receipt)
{
    json_t *details = receipt_details(receipt, slicing_of(telling));
    set_late(telling, details);
    const char *from = json_string_value(json_object_get(details, "from"));
    const char *to = json_string_value(json_object_get(details, "to"));
    char *about = mem_format("%s/%s%s%s", from, to, receipt->sink == NULL ? "" : "/",
                             receipt->sink == NULL ? "" : receipt->sink);
    add_take(telling, dispatch, owner, (struct notice){.kind = "receipt", .about = about},
             details);
    free(about);
}

void telling_add_receipts(const struct telling *telling,
                          const struct store_ledger *ledger, struct dispatch *dispatch,
                          size_t owner)
{
    const struct source *source = telling->of->source;
    const char **sinks = mem_new(source->route_count, sizeof(*sinks));
    for (size_t i = 0; i < source->route_count; i++) {
        sinks[i] = source->routes[i].sink->name;
    }
    struct receipts receipts = {0};
    const struct receipt_scope scope = {owed_from(telling), owed_to(telling), sinks,
                                        source->route_count};
    receipt_list(ledger, &scope, &receipts);
    for (size_t i = 0; i < receipts.count; i++) {
        add_receipt(telling, dispatch, owner, &receipts.items[i]);
    }
    free(receipts.items);
    free(sinks);
}
