#include "commands/state.h"

#include "base/timestamp.h"

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

static int refuse(const struct state_request *request, const char *name, const char *why)
{
    fprintf(stderr, "auditbridge %s: %s: %s\n", request->hands->command->name, name, why);
    return EXIT_FAILED;
}

/* Why the source cannot be put elsewhere by time at all; NULL: it can. */
static const char *obstacle(const struct roster_row *row)
{
    if (row->entry == NULL) {
        return "it is no longer configured, so nothing would read it";
    }
    if (roster_slicing(row) == NULL) {
        return "it is read by place and not by time";
    }
    if (!row->has_marks) {
        return "nothing was read yet; `lookback` says where it will begin";
    }
    return NULL;
}

/* Marks go back to to_ms where they are past it. */
static void move_back(struct cursor *cursor, const struct slicing *slicing, int64_t to_ms)
{
    cursor->start_ms = min_of(cursor->start_ms, to_ms);
    for (size_t i = 0; i < SLICE_PASSES; i++) {
        cursor->mark_ms[i] =
            i < slicing->passes ? min_of(cursor->mark_ms[i], to_ms) : cursor->start_ms;
    }
}

/* Marks go on to to_ms; what no pass has read, and what the last has not, is a gap. */
static void move_forward(struct cursor *cursor, const struct slicing *slicing,
                         int64_t to_ms, struct store_evidence *evidence)
{
    int64_t head_ms = cursor->mark_ms[0];
    int64_t sealed_ms = cursor->mark_ms[slicing->passes - 1];
    if (head_ms < to_ms) {
        evidence->gaps[evidence->gap_count++] =
            (struct store_gap){head_ms, to_ms, "skipped by hand"};
    }
    if (sealed_ms < min_of(head_ms, to_ms)) {
        evidence->gaps[evidence->gap_count++] =
            (struct store_gap){sealed_ms, min_of(head_ms, to_ms), "never sealed"};
    }
    for (size_t i = 0; i < slicing->passes; i++) {
        cursor->mark_ms[i] = max_of(cursor->mark_ms[i], to_ms);
    }
}

static void tell(const struct state_request *request, const struct roster_row *row)
{
    char to[TIMESTAMP_TEXT_SIZE];
    timestamp_format(request->to_ms, to);
    if (request->is_skip) {
        printf("%s: goes on from %s; what lies before and was not read is written down "
               "as a gap\n",
               row->name, to);
    } else {
        printf("%s: goes on from %s; what is newer is read and sent again, with the same "
               "ids; none is lost\n",
               row->name, to);
    }
}

static bool put(struct state_request *request, const struct roster_row *row,
                struct error *err)
{
    const struct store_type *type = request->hands->type;
    const struct slicing *slicing = roster_slicing(row);
    struct store_gap gaps[2] = {0};
    struct store_evidence evidence = {.gaps = gaps};
    struct claim claim = {0};
    if (!hands_claim(request->hands, row->name, &claim, err)) {
        return false;
    }
    struct cursor next = claim.cursor;
    struct store_placement placement = {.cursor = &next, .forget_ms = INT64_MAX};
    next.place = NULL;
    if (request->is_skip) {
        move_forward(&next, slicing, request->to_ms, &evidence);
        placement.evidence = &evidence;
    } else {
        move_back(&next, slicing, request->to_ms);
        placement.forget_ms = request->to_ms;
    }
    bool ok = type->inspect->place(request->hands->store, &claim, &placement, err);
    (void)hands_release(request->hands, &claim, NULL);
    return ok;
}

static int check_back(struct state_request *request, const struct roster_row *row)
{
    const struct slicing *slicing = roster_slicing(row);
    int64_t now_ms = request->roster.now_ms;
    int64_t oldest_ms = now_ms - slicing->retention_ms + (int64_t)2 * MS_PER_HOUR;
    if (request->to_ms >= row->head_ms) {
        return refuse(request, row->name,
                      "it has not been read up to there; --skip gives up what lies "
                      "between, and writes a gap");
    }
    if (request->to_ms < oldest_ms) {
        return refuse(request, row->name, "the cloud no longer keeps what is that old");
    }
    /* The ledger counts by hours: one that is read again is read whole. */
    request->to_ms -= request->to_ms % MS_PER_HOUR;
    return EXIT_GOOD;
}

static int check_skip(const struct state_request *request, const struct roster_row *row)
{
    const struct slicing *slicing = roster_slicing(row);
    if (request->to_ms <= row->sealed_ms) {
        return refuse(request, row->name,
                      "it is past that already; leave --skip out to "
                      "go back");
    }
    if (request->to_ms > request->roster.now_ms - slicing->age_ms[0]) {
        return refuse(request, row->name, "that is in the future, or too new to be read");
    }
    if (!hands_agreed(request->hands, request->is_agreed,
                      "what was not read before that time never will be")) {
        return EXIT_FAILED;
    }
    return EXIT_GOOD;
}

int state_reset(struct state_request *request)
{
    struct error err = {0};
    const struct roster_row *row = roster_find(&request->roster, request->names.items[0]);
    const char *why = obstacle(row);
    if (why != NULL) {
        return refuse(request, row->name, why);
    }
    int status = request->is_skip ? check_skip(request, row) : check_back(request, row);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (!put(request, row, &err)) {
        return hands_failed(request->hands, &err);
    }
    tell(request, row);
    return EXIT_GOOD;
}

int state_retire(struct state_request *request)
{
    struct hands *hands = request->hands;
    struct error err = {0};
    struct claim claim = {0};
    const struct roster_row *row = roster_find(&request->roster, request->names.items[0]);
    if (row->entry != NULL) {
        return refuse(request, row->name,
                      "it is configured; take it out of the "
                      "configuration first");
    }
    if (roster_is_hidden(row)) {
        printf("%s: was retired before\n", row->name);
        return EXIT_GOOD;
    }
    if (!hands_claim(hands, row->name, &claim, &err)) {
        return hands_failed(hands, &err);
    }
    bool ok = hands->type->inspect->retire(hands->store, &claim, &err);
    ok = hands_release(hands, &claim, ok ? &err : NULL) && ok;
    if (!ok) {
        return hands_failed(hands, &err);
    }
    printf("%s: retired; its ledger stays\n", row->name);
    return EXIT_GOOD;
}
