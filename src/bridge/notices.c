#include "bridge/notices.h"

#include "base/mem.h"

#include <stdlib.h>

/* A round at work. Owners in dispatch: first the sources, then the notes. */
struct desk {
    const struct notices_round *round;
    struct store_standing *standings;
    struct telling *tellings;
    bool *is_due;
    json_t *notes;
    size_t *note_sources; /* of each note; source_count: not in this configuration */
    bool *has_failed;
};

static size_t find_source(const struct notices_round *round, const char *name)
{
    size_t i = 0;
    while (i < round->source_count && strcmp(round->sources[i].source->name, name) != 0) {
        i++;
    }
    return i;
}

static void place_notes(struct desk *desk)
{
    size_t i = 0;
    json_t *note = NULL;
    desk->note_sources = mem_new(json_array_size(desk->notes), sizeof(size_t));
    json_array_foreach(desk->notes, i, note)
    {
        const char *name = json_string_value(json_object_get(note, "source"));
        size_t place = find_source(desk->round, name == NULL ? "" : name);
        desk->note_sources[i] = place;
        if (place < desk->round->source_count) {
            desk->is_due[place] = true;
        }
    }
}

/* Reads what the store knows, and marks the sources of which there is something. */
static bool look(struct desk *desk, struct error *err)
{
    const struct notices_round *round = desk->round;
    size_t count = round->source_count;
    desk->standings = mem_new(count, sizeof(*desk->standings));
    desk->tellings = mem_new(count, sizeof(*desk->tellings));
    desk->is_due = mem_new(count, sizeof(*desk->is_due));
    for (size_t i = 0; i < count; i++) {
        desk->standings[i].source = round->sources[i].source->name;
    }
    if (!round->store_type->ledger->standing(round->store, desk->standings, count, err) ||
        !round->store_type->ledger->untold(round->store, &desk->notes, err)) {
        return false;
    }
    desk->has_failed = mem_new(count + json_array_size(desk->notes), sizeof(bool));
    for (size_t i = 0; i < count; i++) {
        desk->tellings[i] =
            (struct telling){.of = &round->sources[i], .standing = &desk->standings[i]};
        desk->is_due[i] = telling_is_due(&desk->tellings[i]);
    }
    place_notes(desk);
    return true;
}

static bool has_same_sinks(const struct source *left, const struct source *right)
{
    if (left->route_count != right->route_count) {
        return false;
    }
    for (size_t i = 0; i < left->route_count; i++) {
        if (left->routes[i].sink != right->routes[i].sink ||
            left->routes[i].is_required != right->routes[i].is_required) {
            return false;
        }
    }
    return true;
}

static void add_note(struct desk *desk, size_t place, struct dispatch *dispatch)
{
    const json_t *note = json_array_get(desk->notes, place);
    const struct notice notice = {
        .kind = json_string_value(json_object_get(note, "kind")),
        .about = json_string_value(json_object_get(note, "about")),
        .message = json_string_value(json_object_get(note, "message")),
        .is_problem = true, /* a gap or a loss */
        .time_ms = json_integer_value(json_object_get(note, "at")),
        .details = json_object_get(note, "details"),
    };
    size_t source = desk->note_sources[place];
    dispatch_add(dispatch, desk->round->source_count + place,
                 desk->round->sources[source].source, &notice);
}

static bool add_source(struct desk *desk, size_t place, struct dispatch *dispatch,
                       struct error *err)
{
    const struct notices_round *round = desk->round;
    const struct telling *telling = &desk->tellings[place];
    struct store_stretch stretch = {0};
    for (size_t i = 0; i < json_array_size(desk->notes); i++) {
        if (desk->note_sources[i] == place) {
            add_note(desk, i, dispatch);
        }
    }
    if (!desk->standings[place].is_known) {
        return true;
    }
    telling_add_state(telling, dispatch, place);
    if (!telling_has_receipts(telling, &stretch)) {
        return true;
    }
    struct store_ledger ledger = {0};
    bool ok = round->store_type->ledger->read(round->store, &stretch, &ledger, err);
    if (ok) {
        telling_add_receipts(telling, &ledger, dispatch, place);
    }
    store_ledger_clear(&ledger);
    return ok;
}

/* All due sources from first on that have the same sinks, in as few batches. */
static bool tell_group(struct desk *desk, size_t first, bool *is_done, struct error *err)
{
    const struct notices_round *round = desk->round;
    const struct source *model = round->sources[first].source;
    struct dispatch *dispatch = mem_alloc(sizeof(*dispatch));
    struct error cause = {0};
    dispatch_begin(dispatch, round->runtime, model, desk->has_failed);
    dispatch->deadline_ms = round->deadline_ms;
    bool ok = true;
    for (size_t i = first; i < round->source_count; i++) {
        if (!desk->is_due[i] || is_done[i] ||
            !has_same_sinks(model, round->sources[i].source)) {
            continue;
        }
        is_done[i] = true;
        if (!add_source(desk, i, dispatch, err)) {
            desk->has_failed[i] = true;
            ok = false;
        }
    }
    if (!dispatch_end(dispatch, &cause)) {
        *err = cause;
        ok = false;
    }
    free(dispatch);
    return ok;
}

/* Remembers what was told of those that failed in nothing. */
static bool remember(struct desk *desk, struct error *err)
{
    const struct notices_round *round = desk->round;
    size_t note_count = json_array_size(desk->notes);
    int64_t *notes = mem_new(note_count, sizeof(*notes));
    struct store_telling telling = {.standings = desk->standings, .notes = notes};
    for (size_t i = 0; i < round->source_count; i++) {
        if (desk->is_due[i] && desk->standings[i].is_known && !desk->has_failed[i]) {
            struct store_standing told = desk->standings[i];
            told.told = desk->tellings[i].told;
            desk->standings[telling.standing_count++] = told;
        }
    }
    for (size_t i = 0; i < note_count; i++) {
        if (desk->note_sources[i] < round->source_count &&
            !desk->has_failed[round->source_count + i]) {
            notes[telling.note_count++] =
                json_integer_value(json_object_get(json_array_get(desk->notes, i), "id"));
        }
    }
    bool ok = (telling.standing_count == 0 && telling.note_count == 0) ||
              round->store_type->ledger->tell(round->store, &telling, err);
    free(notes);
    return ok;
}

/* Tells of all that are due; one group that fails does not stop the others. */
static bool tell_all(struct desk *desk, struct error *err)
{
    size_t count = desk->round->source_count;
    bool *is_done = mem_new(count, sizeof(*is_done));
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (desk->is_due[i] && !is_done[i]) {
            ok = tell_group(desk, i, is_done, err) && ok;
        }
    }
    free(is_done);
    return remember(desk, err) && ok;
}

bool notices_tell(const struct notices_round *round, struct error *err)
{
    struct desk desk = {.round = round};
    bool ok = look(&desk, err) && tell_all(&desk, err);
    free(desk.has_failed);
    free(desk.note_sources);
    json_decref(desk.notes);
    free(desk.is_due);
    free(desk.tellings);
    free(desk.standings);
    return ok;
}
