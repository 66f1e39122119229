#include "commands/state.h"

#include "base/timestamp.h"
#include "commands/state_document.h"
#include "commands/table.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t min_of(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t max_of(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

/*
 * Marks as the document has them, but never past the cloud's own first pass and, in a
 * store that holds the source, never past its own. The document has no ids, so what is
 * newer than the last sealed hour is read again, from the beginning of that hour: the
 * ledger then counts each of its events once.
 */
static void plan_marks(const struct state_entry *entry, const struct slicing *slicing,
                       int64_t now_ms, const struct claim *claim, struct cursor *next)
{
    size_t last = slicing->passes - 1;
    bool is_same = entry->mark_count == slicing->passes;
    *next = (struct cursor){
        .start_ms = entry->cursor.start_ms,
        .span_ms =
            max_of(slicing->grain_ms, min_of(entry->cursor.span_ms, slicing->span_ms))};
    if (!claim->is_new) {
        next->start_ms = min_of(next->start_ms, claim->cursor.start_ms);
    }
    for (size_t i = 0; i < slicing->passes; i++) {
        int64_t mark_ms = entry->cursor.mark_ms[is_same ? i : SLICE_PASSES - 1];
        mark_ms = min_of(mark_ms, now_ms - slicing->age_ms[0]);
        next->mark_ms[i] =
            claim->is_new ? mark_ms : min_of(mark_ms, claim->cursor.mark_ms[i]);
    }
    int64_t hour_ms = next->mark_ms[last] - next->mark_ms[last] % MS_PER_HOUR;
    next->mark_ms[last] = max_of(hour_ms, next->start_ms);
    for (size_t i = slicing->passes; i < SLICE_PASSES; i++) {
        next->mark_ms[i] = next->start_ms;
    }
}

/* The store is no further than the document: there is nothing to put back. */
static bool is_behind(const struct state_entry *entry, const struct slicing *slicing,
                      const struct claim *claim)
{
    bool is_same = entry->mark_count == slicing->passes;
    for (size_t i = 0; i < slicing->passes; i++) {
        int64_t mark_ms = entry->cursor.mark_ms[is_same ? i : SLICE_PASSES - 1];
        if (claim->cursor.mark_ms[i] > mark_ms) {
            return false;
        }
    }
    return true;
}

/* The ledger's hours before before_ms; they are in order. */
static size_t count_before(const struct store_evidence *evidence, int64_t before_ms)
{
    size_t count = 0;
    while (count < evidence->hour_count &&
           evidence->hours[count].hour < before_ms / MS_PER_HOUR) {
        count++;
    }
    return count;
}

static void tell(const char *name, const char *what)
{
    table_put(name, stdout);
    printf(": %s\n", what);
}

static void tell_marks(const char *name, int64_t sealed_ms)
{
    char from[TIMESTAMP_TEXT_SIZE];
    timestamp_format(sealed_ms, from);
    printf("%s: put there; from %s on it is read again: repeats with the same ids, none "
           "lost\n",
           name, from);
}

/* Why a source that the store knows already is left alone; NULL: it is moved. */
static const char *obstacle(const struct state_entry *entry,
                            const struct slicing *slicing, const struct claim *claim,
                            int64_t now_ms)
{
    if (claim->is_new) {
        return NULL;
    }
    if (slicing == NULL) {
        return "left as it is: the store has a place of its own";
    }
    if (is_behind(entry, slicing, claim)) {
        return "left as it is: the store is no further than the document";
    }
    if (entry->cursor.mark_ms[SLICE_PASSES - 1] <
        now_ms - slicing->retention_ms + (int64_t)2 * MS_PER_HOUR) {
        return "left as it is: the cloud no longer keeps what the document would have "
               "read again";
    }
    return NULL;
}

/* Under the lease: puts the source where the document says, or says why not. */
static bool put(const struct state_request *request, const struct roster_row *row,
                const struct state_entry *entry, struct claim *claim, struct error *err)
{
    const struct hands *hands = request->hands;
    const struct slicing *slicing = roster_slicing(row);
    struct cursor next = {0};
    struct store_evidence evidence = entry->evidence;
    struct store_placement placement = {
        .cursor = &next, .forget_ms = INT64_MAX, .evidence = &evidence};
    const char *why = obstacle(entry, slicing, claim, request->roster.now_ms);
    if (why != NULL) {
        tell(row->name, why);
        return true;
    }
    if (slicing == NULL) {
        next = entry->cursor;
    } else {
        plan_marks(entry, slicing, request->roster.now_ms, claim, &next);
        placement.forget_ms = next.mark_ms[slicing->passes - 1];
        evidence.hour_count = count_before(&evidence, placement.forget_ms);
    }
    if (!hands->type->inspect->place(hands->store, claim, &placement, err)) {
        return false;
    }
    if (slicing == NULL) {
        tell(row->name, "put there; it goes on from its place");
    } else {
        tell_marks(row->name, placement.forget_ms);
    }
    return true;
}

static bool import_entry(const struct state_request *request,
                         const struct state_entry *entry, struct error *err)
{
    const struct hands *hands = request->hands;
    const struct roster_row *row = roster_find(&request->roster, entry->name);
    struct claim claim = {0};
    if (row == NULL || row->entry == NULL) {
        tell(entry->name, "passed over: it is not configured here");
        return true;
    }
    if (!hands_claim(hands, row->name, &claim, err)) {
        return false;
    }
    bool ok = put(request, row, entry, &claim, err);
    (void)hands_release(hands, &claim, NULL);
    return ok;
}

int state_import(struct state_request *request)
{
    struct state_document document = {0};
    struct error err = {0};
    int status = EXIT_GOOD;
    if (!state_document_read(request->names.items[0], &document, &err)) {
        status = hands_failed(request->hands, &err);
    }
    for (size_t i = 0; status != EXIT_WRONG && i < document.count; i++) {
        if (!import_entry(request, &document.entries[i], &err)) {
            status = hands_failed(request->hands, &err);
        }
    }
    state_document_clear(&document);
    return status;
}
