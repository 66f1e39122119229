#include "commands/dlq.h"

#include "base/mem.h"
#include "commands/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_LETTERS = 64 }; /* in memory at a time: an event may have 4 MiB */

struct replay {
    struct dlq_sinks sinks;
    size_t sent;
    size_t refused;
    size_t stayed; /* the sink did not take part */
};

static bool is_same_way(const struct store_dead *left, const struct store_dead *right)
{
    return strcmp(left->sink, right->sink) == 0 &&
           strcmp(left->source, right->source) == 0;
}

/* How many letters from the first on go to one sink from one source, in one batch. */
static size_t count_together(const struct store_dead *letters, size_t count)
{
    int64_t bytes = letters[0].size;
    size_t together = 1;
    while (together < count && is_same_way(&letters[0], &letters[together]) &&
           bytes + letters[together].size <= BATCH_BYTES_MAX) {
        bytes += letters[together].size;
        together++;
    }
    return together;
}

/* The letters as a batch: bytes and ids as they were the first time. */
static bool fill(struct batch *batch, const struct store_dead *letters, size_t count,
                 enum event_format format)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[DIGEST_SIZE];
        struct buf *body = &batch->bodies[format];
        struct batch_event *event = batch_add(batch);
        digest_sha256(bytes_of(letters[i].event_id), digest);
        memcpy(event->id16, digest, ID16_SIZE);
        event->id_at = batch->ids.size;
        event->time_ms = letters[i].at_ms;
        event->text[format].at = body->size;
        event->text[format].size = (size_t)letters[i].size;
        if (!buf_add(body, letters[i].event, (size_t)letters[i].size) ||
            !buf_add(&batch->ids, letters[i].event_id, strlen(letters[i].event_id) + 1)) {
            return false;
        }
    }
    return true;
}

/* Removes what was taken; what was refused again stays, and is told. */
static bool settle(struct replay *replay, const struct store_dead *letters, size_t count,
                   const struct send_result *result, struct error *err)
{
    const struct hands *hands = replay->sinks.hands;
    bool *is_refused = mem_new(count, sizeof(*is_refused));
    int64_t *taken = mem_new(count, sizeof(*taken));
    size_t taken_count = 0;
    for (size_t i = 0; i < result->refusal_count; i++) {
        const struct refusal *refusal = &result->refusals[i];
        is_refused[refusal->event] = true;
        printf("dead letter %" PRId64 ": sink %s refused it again: ",
               letters[refusal->event].id, refusal->sink->name);
        table_put(refusal->reason, stdout);
        printf("\n");
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_refused[i]) {
            taken[taken_count++] = letters[i].id;
        }
    }
    bool ok = hands->type->inspect->letters_taken(hands->store, taken, taken_count, err);
    replay->sent += taken_count;
    replay->refused += result->refusal_count;
    free(taken);
    free(is_refused);
    return ok;
}

static bool send(struct replay *replay, const struct store_dead *letters, size_t count,
                 struct error *err)
{
    struct open_sink *sink = dlq_sinks_find(&replay->sinks, letters[0].sink, err);
    if (sink == NULL || !dlq_tell_access(&replay->sinks, &letters[0], "replay", err)) {
        return false;
    }
    const struct send_route route = {.sink = sink, .is_required = true};
    const struct send_routes routes = {&route, 1};
    struct send_result result = {0};
    struct batch batch;
    batch_init(&batch, letters[0].source);
    bool ok = fill(&batch, letters, count, sink->format) ||
              error_set(err, ERROR_TOO_BIG, "the letters are too large for one batch");
    ok = ok && send_batch(&routes, &replay->sinks.hands->runtime, &batch, &result, err) &&
         settle(replay, letters, count, &result, err);
    send_result_clear(&result);
    batch_clear(&batch);
    return ok;
}

/* Sends a page of letters; a sink that fails is said once, and its letters stay. */
static void send_page(struct replay *replay, const struct store_letters *page)
{
    for (size_t at = 0; at < page->count;) {
        const struct store_dead *letters = &page->items[at];
        struct error err = {0};
        size_t count = count_together(letters, page->count - at);
        if (!send(replay, letters, count, &err)) {
            replay->stayed += count;
            fprintf(stderr, "auditbridge dlq: dead letter %" PRId64 ": %s\n",
                    letters[0].id, err.text);
            dlq_sinks_break(&replay->sinks, letters[0].sink);
        }
        at += count;
    }
}

static bool replay_turn(struct replay *replay, struct store_letter_filter filter,
                        size_t *found, struct error *err)
{
    const struct hands *hands = replay->sinks.hands;
    bool ok = true;
    size_t count = 0;
    filter.has_event = true;
    filter.count_max = PAGE_LETTERS;
    do {
        struct store_letters page = {0};
        ok = hands->type->inspect->letters(hands->store, &filter, &page, err);
        count = ok ? page.count : 0;
        if (count > 0) {
            send_page(replay, &page);
            filter.after_id = page.items[count - 1].id;
        }
        *found += count;
        store_letters_clear(&page);
    } while (ok && filter.id == 0 && count == PAGE_LETTERS);
    return ok;
}

int dlq_replay(struct dlq_request *request)
{
    struct replay replay = {0};
    struct error err = {0};
    size_t absent = 0;
    int status = dlq_sinks_init(&replay.sinks, request);
    for (size_t i = 0; status == EXIT_GOOD && i < dlq_turns(request); i++) {
        size_t found = 0;
        if (!replay_turn(&replay, dlq_filter(request, i), &found, &err)) {
            status = hands_failed(request->hands, &err);
        } else if (found == 0 && request->id_count > 0) {
            fprintf(stderr, "auditbridge dlq: there is no dead letter %" PRId64 "\n",
                    request->ids[i]);
            absent++;
        }
    }
    if (status == EXIT_GOOD) {
        printf("%zu taken, %zu refused again, %zu not sent\n", replay.sent,
               replay.refused, replay.stayed);
        status = replay.refused + replay.stayed + absent == 0 ? EXIT_GOOD : EXIT_FAILED;
    }
    dlq_sinks_close(&replay.sinks);
    return status;
}
