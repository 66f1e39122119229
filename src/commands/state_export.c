#include "commands/state.h"

#include "base/digest.h"
#include "base/timestamp.h"

#include <stdio.h>
#include <string.h>

/*
 * {"auditbridge_state": 1, "exported": "...", "sources": [
 *   {"name": "prod", "provider": "aws-cloudtrail", "start": "...", "marks": ["...", ...],
 *    "span_ms": 3600000, "slice": {"from", "to", "began"} or null, "place": any or null,
 *    "id_count": 42, "ledger": [["2026-11-24T09:00:00.000Z", delivered, delay_max_ms,
 *    "id sum in hex"], ...], "gaps": [{"from", "to", "reason"}]}]}
 */

static json_t *time_json(int64_t ms)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(ms, text);
    return json_string(text);
}

static json_t *marks_json(const struct roster_row *row)
{
    const struct slicing *slicing = roster_slicing(row);
    size_t passes = slicing == NULL ? SLICE_PASSES : slicing->passes;
    json_t *marks = json_array();
    for (size_t i = 0; i < passes; i++) {
        json_array_append_new(marks, time_json(row->stored->cursor.mark_ms[i]));
    }
    return marks;
}

static json_t *slice_json(const struct cursor *cursor)
{
    if (!cursor->is_open) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o}", "from", time_json(cursor->slice.a_ms), "to",
                     time_json(cursor->slice.b_ms), "began",
                     time_json(cursor->slice.began_ms));
}

static json_t *ledger_json(const struct store_evidence *evidence)
{
    char sum[2 * ID16_SIZE + 1];
    json_t *ledger = json_array();
    for (size_t i = 0; i < evidence->hour_count; i++) {
        const struct store_hour *hour = &evidence->hours[i];
        digest_hex((struct bytes){hour->id_sum, ID16_SIZE}, sum);
        json_array_append_new(ledger, json_pack("[o, I, I, s]",
                                                time_json(hour->hour * MS_PER_HOUR),
                                                (json_int_t)hour->delivered,
                                                (json_int_t)hour->delay_max_ms, sum));
    }
    return ledger;
}

static json_t *gaps_json(const struct store_evidence *evidence)
{
    json_t *gaps = json_array();
    for (size_t i = 0; i < evidence->gap_count; i++) {
        const struct store_gap *gap = &evidence->gaps[i];
        json_array_append_new(
            gaps, json_pack("{s:o, s:o, s:s}", "from", time_json(gap->from_ms), "to",
                            time_json(gap->to_ms), "reason", gap->reason));
    }
    return gaps;
}

static json_t *row_json(const struct roster_row *row,
                        const struct store_evidence *evidence)
{
    const struct cursor *cursor = &row->stored->cursor;
    json_t *object = json_pack("{s:s}", "name", row->name);
    if (row->entry != NULL) {
        json_object_set_new(object, "provider", json_string(row->entry->provider->name));
    }
    if (row->stored->is_retired) {
        json_object_set_new(object, "retired", json_true());
    }
    json_object_set_new(object, "start", time_json(cursor->start_ms));
    json_object_set_new(object, "marks", marks_json(row));
    json_object_set_new(object, "span_ms", json_integer(cursor->span_ms));
    json_object_set_new(object, "slice", slice_json(cursor));
    json_object_set_new(object, "place",
                        cursor->place == NULL ? json_null() : json_incref(cursor->place));
    json_object_set_new(object, "id_count", json_integer(row->stored->id_count));
    json_object_set_new(object, "ledger", ledger_json(evidence));
    json_object_set_new(object, "gaps", gaps_json(evidence));
    return object;
}

static bool is_wanted(const struct state_request *request, const struct roster_row *row)
{
    bool is_named = request->names.count == 0;
    for (int i = 0; i < request->names.count; i++) {
        is_named = is_named || strcmp(request->names.items[i], row->name) == 0;
    }
    return is_named && row->stored != NULL && !row->stored->is_new;
}

/* One source a line and in memory at a time: a ledger of 90 days has 2,160 rows. */
int state_export(struct state_request *request)
{
    const struct hands *hands = request->hands;
    char now[TIMESTAMP_TEXT_SIZE];
    struct error err = {0};
    const char *comma = "";
    bool ok = true;
    timestamp_format(request->roster.now_ms, now);
    printf("{\"auditbridge_state\":1,\"exported\":\"%s\",\"sources\":[", now);
    for (size_t i = 0; ok && i < request->roster.count; i++) {
        const struct roster_row *row = &request->roster.rows[i];
        struct store_evidence evidence = {0};
        if (!is_wanted(request, row)) {
            continue;
        }
        ok = hands->type->inspect->evidence(hands->store, row->name, &evidence, &err);
        if (ok) {
            json_t *object = row_json(row, &evidence);
            printf("%s\n", comma);
            json_dumpf(object, stdout, JSON_COMPACT);
            json_decref(object);
            comma = ",";
        }
        store_evidence_clear(&evidence);
    }
    if (!ok) {
        return hands_failed(hands, &err);
    }
    printf("\n]}\n");
    return EXIT_GOOD;
}
