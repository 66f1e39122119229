#include "store/overlay.h"

#include "base/mem.h"
#include "store/idset.h"
#include "store/inspect.h"
#include "store/ledger.h"

#include <pthread.h>
#include <stdlib.h>

/* A source as this process moved it. */
struct moved {
    struct cursor cursor;
    bool is_new;
    int64_t forgotten_ms;
    struct idset ids;
    bool is_apart; /* it was put elsewhere: what the store below knows is forgotten */
};

struct store {
    pthread_mutex_t mutex;
    const struct store_type *type; /* of what is below */
    struct store *below;           /* NULL: there is none yet */
    json_t *places;                /* of sources in moved, by name */
    struct moved **moved;
    size_t moved_count;
    json_t *discovered; /* by entry */
};

static bool overlay_open(const json_t *settings, const struct runtime *runtime,
                         struct store **out, struct error *err)
{
    struct store *below = NULL;
    if (!store_sqlite.inspect->open(settings, runtime, &below, err)) {
        return false;
    }
    struct store *store = mem_new(1, sizeof(*store));
    *store = (struct store){.type = &store_sqlite,
                            .below = below,
                            .places = json_object(),
                            .discovered = json_object()};
    pthread_mutex_init(&store->mutex, NULL);
    *out = store;
    return true;
}

static void overlay_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->below != NULL) {
        store->type->close(store->below);
    }
    for (size_t i = 0; i < store->moved_count; i++) {
        json_decref(store->moved[i]->cursor.place);
        idset_clear(&store->moved[i]->ids);
        free(store->moved[i]);
    }
    free(store->moved);
    json_decref(store->places);
    json_decref(store->discovered);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

static struct moved *moved_find(const struct store *store, const char *source)
{
    const json_t *place = json_object_get(store->places, source);
    return place == NULL ? NULL : store->moved[json_integer_value(place)];
}

/* Puts the cursor in place of to, which then owns a place of its own. */
static void copy_cursor(struct cursor *to, const struct cursor *from)
{
    json_t *place = json_incref(from->place);
    json_decref(to->place);
    *to = *from;
    to->place = place;
}

/* Takes over where the store below has the source; new when it has none. */
static bool read_below(struct store *store, const char *source, struct moved *moved,
                       struct error *err)
{
    struct store_sources found = {0};
    const struct store_wanted wanted = {.name = source};
    moved->is_new = true;
    bool ok = store->below == NULL ||
              store->type->inspect->sources(store->below, &wanted, &found, err);
    if (ok && found.count > 0 && !found.items[0].is_new) {
        moved->is_new = false;
        copy_cursor(&moved->cursor, &found.items[0].cursor);
    }
    store_sources_clear(&found);
    return ok;
}

static struct moved *take(struct store *store, const char *source, struct error *err)
{
    struct moved *moved = moved_find(store, source);
    if (moved != NULL) {
        return moved;
    }
    moved = mem_new(1, sizeof(*moved));
    if (!read_below(store, source, moved, err)) {
        free(moved);
        return NULL;
    }
    json_object_set_new(store->places, source,
                        json_integer((json_int_t)store->moved_count));
    store->moved =
        mem_resize(store->moved, store->moved_count + 1, sizeof(struct moved *));
    store->moved[store->moved_count++] = moved;
    return moved;
}

static bool overlay_claim(struct store *store, const struct store_wish *wishes,
                          size_t count, struct error *err)
{
    (void)err; /* each wish has its own */
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < count; i++) {
        const struct store_wish *wish = &wishes[i];
        *wish->error = (struct error){0};
        *wish->claim = (struct claim){0};
        const struct moved *moved = take(store, wish->source, wish->error);
        if (moved != NULL) {
            wish->claim->source = mem_dup(wish->source);
            wish->claim->is_new = moved->is_new;
            copy_cursor(&wish->claim->cursor, &moved->cursor);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return true;
}

static bool overlay_renew(struct store *store, struct error *err)
{
    (void)store;
    (void)err;
    return true;
}

static bool overlay_release(struct store *store, struct store_return *returns,
                            size_t count, struct error *err)
{
    (void)store; /* what was settled is remembered by commit; the rest is forgotten */
    (void)err;
    for (size_t i = 0; i < count; i++) {
        returns[i].is_lost = false;
    }
    return true;
}

static bool overlay_known(struct store *store, const struct claim *claim,
                          struct store_delivered *events, size_t count, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    const struct moved *moved = moved_find(store, claim->source);
    bool ok = store->below == NULL || moved->is_apart ||
              store->type->known(store->below, claim, events, count, err);
    for (size_t i = 0; ok && i < count; i++) {
        events[i].is_known = events[i].is_known || idset_has(&moved->ids, &events[i]);
    }
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

static bool overlay_id_count(struct store *store, const struct claim *claim,
                             size_t *count, struct error *err)
{
    *count = 0;
    bool ok =
        store->below == NULL || store->type->id_count(store->below, claim, count, err);
    pthread_mutex_lock(&store->mutex);
    *count += moved_find(store, claim->source)->ids.count;
    pthread_mutex_unlock(&store->mutex);
    return ok;
}

/* A rehearsal sends nothing: neither is there anything to send again. */
static bool overlay_stage(struct store *store, const struct claim *claim,
                          struct bytes batch, struct error *err)
{
    (void)store;
    (void)claim;
    (void)batch;
    (void)err;
    return true;
}

static bool overlay_staged(struct store *store, const struct claim *claim,
                           struct buf *batch, struct error *err)
{
    (void)store;
    (void)claim;
    (void)batch;
    (void)err;
    return true;
}

static bool overlay_commit(struct store *store, struct claim *claim,
                           const struct store_commit *commit, struct error *err)
{
    (void)err;
    pthread_mutex_lock(&store->mutex);
    struct moved *moved = moved_find(store, claim->source);
    for (size_t i = 0; commit->keeps_ids && i < commit->delivered_count; i++) {
        idset_add(&moved->ids, &commit->delivered[i]);
    }
    if (commit->forget_ms > moved->forgotten_ms) {
        moved->forgotten_ms = commit->forget_ms;
        idset_forget(&moved->ids, commit->forget_ms);
    }
    copy_cursor(&moved->cursor, commit->cursor);
    moved->is_new = false;
    pthread_mutex_unlock(&store->mutex);
    if (commit->cursor != &claim->cursor) {
        copy_cursor(&claim->cursor, commit->cursor);
    }
    claim->is_new = false;
    claim->version++;
    return true;
}

static bool overlay_gap(struct store *store, const struct claim *claim,
                        const struct store_gap *gap, struct error *err)
{
    (void)store; /* the log tells of it; the run that follows will write it down */
    (void)claim;
    (void)gap;
    (void)err;
    return true;
}

static const struct ledger_type overlay_ledger = {.gap = overlay_gap};

static bool overlay_discovered(struct store *store, const char *entry, json_t **known,
                               struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    json_t *changed = json_deep_copy(json_object_get(store->discovered, entry));
    pthread_mutex_unlock(&store->mutex);
    if (changed == NULL && store->below != NULL) {
        return store->type->discovered(store->below, entry, known, err);
    }
    *known = changed == NULL ? json_array() : changed;
    return true;
}

static bool overlay_discover(struct store *store, const char *entry, const json_t *known,
                             struct error *err)
{
    (void)err;
    pthread_mutex_lock(&store->mutex);
    json_object_set_new(store->discovered, entry, json_deep_copy(known));
    pthread_mutex_unlock(&store->mutex);
    return true;
}

static bool overlay_place(struct store *store, struct claim *claim,
                          const struct store_placement *placement, struct error *err)
{
    (void)err;
    pthread_mutex_lock(&store->mutex);
    struct moved *moved = moved_find(store, claim->source);
    copy_cursor(&moved->cursor, placement->cursor);
    moved->is_apart = true;
    pthread_mutex_unlock(&store->mutex);
    claim->version++;
    return true;
}

static const struct store_inspect overlay_inspect = {.place = overlay_place};

const struct store_type overlay_type = {
    .name = "overlay",
    .open = overlay_open,
    .close = overlay_close,
    .claim = overlay_claim,
    .renew = overlay_renew,
    .release = overlay_release,
    .known = overlay_known,
    .id_count = overlay_id_count,
    .stage = overlay_stage,
    .staged = overlay_staged,
    .commit = overlay_commit,
    .ledger = &overlay_ledger,
    .inspect = &overlay_inspect,
    .discovered = overlay_discovered,
    .discover = overlay_discover,
};
