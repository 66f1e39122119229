#include "commands/roster.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

const char *const roster_state_names[] = {
    [ROSTER_NEW] = "new",       [ROSTER_RUNNING] = "running", [ROSTER_IDLE] = "idle",
    [ROSTER_SILENT] = "silent", [ROSTER_GONE] = "gone",
};

static int compare_rows(const void *left, const void *right)
{
    const struct roster_row *a = left;
    const struct roster_row *b = right;
    return strcmp(a->name, b->name);
}

/* A runtime that reaches nobody, and remembers that somebody was asked for. */
struct offline {
    const struct runtime *real;
    bool was_asked;
};

static bool refuse_http(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    struct offline *offline = context;
    (void)request;
    (void)response;
    offline->was_asked = true;
    return error_set(err, ERROR_UNREACHABLE, "no cloud is asked here");
}

static int64_t offline_now(void *context)
{
    const struct offline *offline = context;
    return offline->real->now_ms(offline->real->context);
}

static bool refuse_wait(void *context, int64_t ms, struct error *err)
{
    (void)context;
    (void)ms;
    return error_set(err, ERROR_STOPPED, "nobody waits here");
}

static void real_random(void *context, uint8_t *out, size_t size)
{
    const struct offline *offline = context;
    offline->real->random(offline->real->context, out, size);
}

/* Rows while they are gathered. */
struct gathering {
    struct roster *roster;
    size_t room;
};

static void add_row(struct gathering *gathering, char *name_take,
                    const struct config_source *entry)
{
    struct roster *roster = gathering->roster;
    if (roster->count == gathering->room) {
        gathering->room = gathering->room == 0 ? 64 : 2 * gathering->room;
        roster->rows = mem_resize(roster->rows, gathering->room, sizeof(*roster->rows));
    }
    roster->rows[roster->count++] =
        (struct roster_row){.name = name_take, .entry = entry};
}

/* The sources that the entry stands for, when no cloud need be asked for that. */
static bool add_expanded(struct gathering *gathering, const struct hands *hands,
                         const struct config_source *entry)
{
    struct offline offline = {.real = &hands->runtime};
    const struct runtime runtime = {.context = &offline,
                                    .http = refuse_http,
                                    .now_ms = offline_now,
                                    .monotonic_ms = offline_now,
                                    .wait = refuse_wait,
                                    .random = real_random};
    json_t *sources = NULL;
    json_t *settings = NULL;
    size_t i = 0;
    bool ok = entry->provider->expand(entry->settings, &runtime, &sources, NULL) &&
              !offline.was_asked;
    json_array_foreach(sources, i, settings)
    {
        const char *suffix = json_string_value(json_object_get(settings, "name"));
        bool is_only = suffix == NULL || suffix[0] == '\0';
        if (ok) {
            add_row(gathering,
                    is_only ? mem_dup(entry->name)
                            : mem_format("%s-%s", entry->name, suffix),
                    entry);
        }
    }
    json_decref(sources);
    return ok;
}

static bool is_of(const char *name, const struct config_source *entry)
{
    size_t size = strlen(entry->name);
    return strncmp(name, entry->name, size) == 0 &&
           (name[size] == '\0' || name[size] == '-');
}

/* Of the entries that only a cloud can expand, the one with the longest fitting name. */
static const struct config_source *
entry_of(const char *name, const struct config_source *const *entries, size_t count)
{
    const struct config_source *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_of(name, entries[i]) &&
            (best == NULL || strlen(entries[i]->name) > strlen(best->name))) {
            best = entries[i];
        }
    }
    return best;
}

static void judge_marks(struct roster_row *row, const struct slicing *slicing,
                        int64_t now_ms)
{
    const struct cursor *cursor = &row->stored->cursor;
    size_t last = slicing->passes == 0 ? 0 : slicing->passes - 1;
    row->has_marks = true;
    row->head_ms = cursor->mark_ms[0];
    row->sealed_ms = cursor->mark_ms[last];
    row->lag_ms = now_ms - row->head_ms;
    row->left_ms = slicing->retention_ms - row->lag_ms;
    if (slicing->retention_ms > 0 && row->lag_ms >= slicing->retention_ms / 2) {
        row->level =
            row->lag_ms >= slicing->retention_ms / 10 * 8 ? ROSTER_ERROR : ROSTER_WARN;
    }
}

static bool is_silent(const struct roster_row *row, int64_t now_ms)
{
    const struct store_source *stored = row->stored;
    return row->has_marks && row->lag_ms < MS_PER_DAY && stored->delivered_lately == 0 &&
           stored->cursor.start_ms <= now_ms - MS_PER_DAY;
}

static void judge(struct roster_row *row, int64_t now_ms)
{
    const struct slicing *slicing = roster_slicing(row);
    if (row->stored != NULL && !row->stored->is_new && slicing != NULL) {
        judge_marks(row, slicing, now_ms);
    }
    if (row->entry == NULL) {
        row->state = ROSTER_GONE;
    } else if (row->stored != NULL && row->stored->is_held) {
        row->state = ROSTER_RUNNING;
    } else if (row->stored == NULL || row->stored->is_new) {
        row->state = ROSTER_NEW;
    } else {
        row->state = is_silent(row, now_ms) ? ROSTER_SILENT : ROSTER_IDLE;
    }
}

/* Adds what the store has and no entry named; both lists are by name. */
static void add_stored(struct gathering *gathering,
                       const struct config_source *const *unknown, size_t unknown_count)
{
    struct roster *roster = gathering->roster;
    size_t configured = roster->count;
    size_t at = 0;
    for (size_t i = 0; i < roster->stored.count; i++) {
        const struct store_source *stored = &roster->stored.items[i];
        while (at < configured && strcmp(roster->rows[at].name, stored->name) < 0) {
            at++;
        }
        if (at < configured && strcmp(roster->rows[at].name, stored->name) == 0) {
            roster->rows[at].stored = stored;
            continue;
        }
        add_row(gathering, mem_dup(stored->name),
                entry_of(stored->name, unknown, unknown_count));
        roster->rows[roster->count - 1].stored = stored;
    }
}

/* An entry that a cloud has yet to expand, and of which the store knows nothing. */
static void add_unread(struct gathering *gathering,
                       const struct config_source *const *unknown, size_t unknown_count)
{
    struct roster *roster = gathering->roster;
    size_t count = roster->count;
    for (size_t i = 0; i < unknown_count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < count && !is_known; j++) {
            is_known = roster->rows[j].entry == unknown[i];
        }
        if (!is_known) {
            add_row(gathering, mem_dup(unknown[i]->name), unknown[i]);
        }
    }
}

static void sort(struct roster *roster)
{
    if (roster->count > 0) {
        qsort(roster->rows, roster->count, sizeof(*roster->rows), compare_rows);
    }
}

bool roster_load(const struct hands *hands, bool has_ids, struct roster *roster,
                 struct error *err)
{
    const struct config *config = &hands->config;
    *roster = (struct roster){.now_ms = hands_now_ms(hands)};
    const struct store_wanted wanted = {.since_ms = roster->now_ms - MS_PER_DAY,
                                        .has_ids = has_ids};
    if (hands->store != NULL &&
        !hands->type->inspect->sources(hands->store, &wanted, &roster->stored, err)) {
        return false;
    }

    struct gathering gathering = {.roster = roster};
    size_t unknown_count = 0;
    const struct config_source **unknown =
        mem_new(config->source_count, sizeof(*unknown));
    for (size_t i = 0; i < config->source_count; i++) {
        if (!add_expanded(&gathering, hands, &config->sources[i])) {
            unknown[unknown_count++] = &config->sources[i];
        }
    }
    sort(roster);
    add_stored(&gathering, unknown, unknown_count);
    add_unread(&gathering, unknown, unknown_count);
    sort(roster);
    for (size_t i = 0; i < roster->count; i++) {
        judge(&roster->rows[i], roster->now_ms);
    }
    free(unknown);
    return true;
}

void roster_clear(struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        free(roster->rows[i].name);
    }
    free(roster->rows);
    store_sources_clear(&roster->stored);
    *roster = (struct roster){0};
}

const struct roster_row *roster_find(const struct roster *roster, const char *name)
{
    size_t low = 0;
    size_t high = roster->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(roster->rows[middle].name, name);
        if (order == 0) {
            return &roster->rows[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

bool roster_is_hidden(const struct roster_row *row)
{
    return row->entry == NULL && row->stored != NULL && row->stored->is_retired;
}

const struct slicing *roster_slicing(const struct roster_row *row)
{
    return row->entry == NULL ? NULL : config_slicing(row->entry);
}
