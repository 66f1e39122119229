#include "bridge/receipt.h"

#include "base/mem.h"
#include "base/timestamp.h"

/* How far reading the ledger has come: all its lists are in the order of time. */
struct place {
    const struct store_ledger *ledger;
    size_t hour;
    size_t refusal;
};

static struct store_tally settled_in(struct place *place, int64_t hour)
{
    const struct store_ledger *ledger = place->ledger;
    while (place->hour < ledger->hour_count && ledger->hours[place->hour].hour < hour) {
        place->hour++;
    }
    if (place->hour < ledger->hour_count && ledger->hours[place->hour].hour == hour) {
        return ledger->hours[place->hour];
    }
    return (struct store_tally){.hour = hour};
}

/* Puts place at the first refusal of hour; true when there is one. */
static bool has_refusal(struct place *place, int64_t hour)
{
    const struct store_ledger *ledger = place->ledger;
    while (place->refusal < ledger->refusal_count &&
           ledger->refusals[place->refusal].hour.hour < hour) {
        place->refusal++;
    }
    return place->refusal < ledger->refusal_count &&
           ledger->refusals[place->refusal].hour.hour == hour;
}

static struct store_tally refused_by(const struct place *place, int64_t hour,
                                     const char *sink)
{
    const struct store_ledger *ledger = place->ledger;
    for (size_t i = place->refusal;
         i < ledger->refusal_count && ledger->refusals[i].hour.hour == hour; i++) {
        if (strcmp(ledger->refusals[i].sink, sink) == 0) {
            return ledger->refusals[i].hour;
        }
    }
    return (struct store_tally){.hour = hour};
}

static bool is_whole(const struct store_ledger *ledger, int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < ledger->gap_count; i++) {
        if (ledger->gaps[i].from_ms < to_ms && ledger->gaps[i].to_ms > from_ms) {
            return false;
        }
    }
    return true;
}

static void add(struct receipts *receipts, const struct receipt *receipt)
{
    receipts->items =
        mem_resize(receipts->items, receipts->count + 1, sizeof(*receipts->items));
    receipts->items[receipts->count++] = *receipt;
}

/* Makes the last receipt longer when neither it nor this one has an event. */
static bool fold(struct receipts *receipts, const struct receipt *receipt)
{
    if (receipts->count == 0 || receipt->settled.count > 0) {
        return false;
    }
    struct receipt *last = &receipts->items[receipts->count - 1];
    if (last->settled.count > 0 || last->is_complete != receipt->is_complete) {
        return false;
    }
    last->to_ms = receipt->to_ms;
    return true;
}

static void add_for_each_sink(struct receipts *receipts, struct receipt receipt,
                              const struct receipt_scope *scope,
                              const struct place *place)
{
    for (size_t i = 0; i < scope->sink_count; i++) {
        receipt.sink = scope->sinks[i];
        receipt.refused = refused_by(place, receipt.settled.hour, receipt.sink);
        add(receipts, &receipt);
    }
}

void receipt_list(const struct store_ledger *ledger, const struct receipt_scope *scope,
                  struct receipts *receipts)
{
    struct place place = {.ledger = ledger};
    int64_t from_ms = scope->from_ms;
    while (from_ms < scope->to_ms) {
        int64_t hour = from_ms / MS_PER_HOUR;
        int64_t to_ms = (hour + 1) * MS_PER_HOUR;
        const struct receipt receipt = {
            .from_ms = from_ms,
            .to_ms = to_ms,
            .settled = settled_in(&place, hour),
            .is_complete = is_whole(ledger, from_ms, to_ms),
        };
        if (has_refusal(&place, hour)) {
            add_for_each_sink(receipts, receipt, scope, &place);
        } else if (!fold(receipts, &receipt)) {
            add(receipts, &receipt);
        }
        from_ms = to_ms;
    }
}

static void set_sum(json_t *details, const char *name, const uint8_t sum[ID16_SIZE])
{
    char hex[2 * ID16_SIZE + 1];
    digest_hex((struct bytes){sum, ID16_SIZE}, hex);
    json_object_set_new(details, name, json_string(hex));
}

json_t *receipt_details(const struct receipt *receipt, const struct slicing *slicing)
{
    char from[TIMESTAMP_TEXT_SIZE];
    char to[TIMESTAMP_TEXT_SIZE];
    timestamp_format(receipt->from_ms, from);
    timestamp_format(receipt->to_ms, to);
    json_t *details =
        json_pack("{s:s,s:s,s:b,s:I,s:I,s:I}", "from", from, "to", to, "complete",
                  (int)receipt->is_complete, "passes", (json_int_t)slicing->passes,
                  "shown_within_ms", (json_int_t)slicing->age_ms[slicing->passes - 1],
                  "count", (json_int_t)receipt->settled.count);
    set_sum(details, "id_sum", receipt->settled.id_sum);
    if (receipt->sink != NULL) {
        json_object_set_new(details, "sink", json_string(receipt->sink));
        json_object_set_new(details, "refused", json_integer(receipt->refused.count));
        set_sum(details, "refused_id_sum", receipt->refused.id_sum);
    }
    return details;
}
