/* bridge/receipt.h: receipts add up to the ledger and leave no hole. */
#include "bridge/receipt.h"

#include "base/buf.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const sinks[] = {"siem", "soc"};

static int64_t at(int64_t hour, int64_t minute)
{
    return hour * MS_PER_HOUR + minute * MS_PER_MINUTE;
}

/* The receipts of [from, to) as one text: "9:30-10:00 2; 10:00-13:00 0 incomplete". */
static const char *told(const struct store_ledger *ledger, int64_t from_ms, int64_t to_ms)
{
    static char text[1024];
    struct buf out;
    struct receipts receipts = {0};
    const struct receipt_scope scope = {from_ms, to_ms, sinks, 2};
    receipt_list(ledger, &scope, &receipts);
    buf_init(&out, sizeof(text) - 1);
    for (size_t i = 0; i < receipts.count; i++) {
        const struct receipt *receipt = &receipts.items[i];
        buf_addf(&out, "%s%lld:%02lld-%lld:%02lld %lld", i == 0 ? "" : "; ",
                 (long long)(receipt->from_ms / MS_PER_HOUR),
                 (long long)(receipt->from_ms % MS_PER_HOUR / MS_PER_MINUTE),
                 (long long)(receipt->to_ms / MS_PER_HOUR),
                 (long long)(receipt->to_ms % MS_PER_HOUR / MS_PER_MINUTE),
                 (long long)receipt->settled.count);
        if (receipt->sink != NULL) {
            buf_addf(&out, " less %lld at %s", (long long)receipt->refused.count,
                     receipt->sink);
        }
        buf_add_text(&out, receipt->is_complete ? "" : " incomplete");
    }
    snprintf(text, sizeof(text), "%s", buf_text(&out));
    buf_clear(&out);
    free(receipts.items);
    return text;
}

static void every_hour_with_events_has_a_receipt_and_empty_ones_share_one(void **state)
{
    (void)state;
    struct store_tally hours[] = {{.hour = 10, .count = 3}, {.hour = 14, .count = 1}};
    const struct store_ledger ledger = {.hours = hours, .hour_count = 2};
    assert_string_equal(told(&ledger, at(9, 0), at(15, 0)),
                        "9:00-10:00 0; 10:00-11:00 3; 11:00-14:00 0; 14:00-15:00 1");
}

static void the_first_receipt_begins_where_the_source_does(void **state)
{
    (void)state;
    struct store_tally hours[] = {{.hour = 9, .count = 2}};
    const struct store_ledger ledger = {.hours = hours, .hour_count = 1};
    assert_string_equal(told(&ledger, at(9, 30), at(10, 0)), "9:30-10:00 2");
    assert_string_equal(told(&ledger, at(9, 30), at(9, 30)), "");
}

static void a_gap_makes_the_hours_it_touches_incomplete(void **state)
{
    (void)state;
    struct store_tally hours[] = {{.hour = 10, .count = 3}};
    struct store_gap gaps[] = {{at(10, 40), at(12, 0), NULL}};
    const struct store_ledger ledger = {
        .hours = hours, .hour_count = 1, .gaps = gaps, .gap_count = 1};
    assert_string_equal(told(&ledger, at(9, 0), at(13, 0)),
                        "9:00-10:00 0; 10:00-11:00 3 incomplete; 11:00-12:00 0 "
                        "incomplete; 12:00-13:00 0");
}

static void what_a_sink_refused_is_told_to_each_sink_by_name(void **state)
{
    (void)state;
    static char siem[] = "siem";
    struct store_tally hours[] = {{.hour = 9, .count = 5}, {.hour = 10, .count = 4}};
    struct store_refusal refusals[] = {{{.hour = 10, .count = 3}, siem}};
    const struct store_ledger ledger = {
        .hours = hours, .hour_count = 2, .refusals = refusals, .refusal_count = 1};
    assert_string_equal(told(&ledger, at(9, 0), at(12, 0)),
                        "9:00-10:00 5; 10:00-11:00 4 less 3 at siem; "
                        "10:00-11:00 4 less 0 at soc; 11:00-12:00 0");
}

static void the_details_say_what_the_page_of_the_event_says(void **state)
{
    (void)state;
    static const struct slicing slicing = {.passes = 2, .age_ms = {1000, 5000}};
    struct receipt receipt = {.from_ms = at(9, 30),
                              .to_ms = at(10, 0),
                              .settled = {.count = 2},
                              .refused = {.count = 1},
                              .sink = "siem",
                              .is_complete = true};
    receipt.settled.id_sum[0] = 0xfe;
    receipt.refused.id_sum[ID16_SIZE - 1] = 7;
    json_t *details = receipt_details(&receipt, &slicing);
    char *text = json_dumps(details, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(
        text,
        "{\"complete\":true,\"count\":2,\"from\":\"1970-01-01T09:30:00.000Z\","
        "\"id_sum\":\"fe000000000000000000000000000000\",\"passes\":2,\"refused\":1,"
        "\"refused_id_sum\":\"00000000000000000000000000000007\","
        "\"shown_within_ms\":5000,\"sink\":\"siem\","
        "\"to\":\"1970-01-01T10:00:00.000Z\"}");
    free(text);
    json_decref(details);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hour_with_events_has_a_receipt_and_empty_ones_share_one),
        cmocka_unit_test(the_first_receipt_begins_where_the_source_does),
        cmocka_unit_test(a_gap_makes_the_hours_it_touches_incomplete),
        cmocka_unit_test(what_a_sink_refused_is_told_to_each_sink_by_name),
        cmocka_unit_test(the_details_say_what_the_page_of_the_event_says),
    };
    return cmocka_run_group_tests_name("receipt", tests, NULL, NULL);
}
