/* record/answer.h: an API answer becomes a page's records, with their times. */
#include "provider.h"
#include "record/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TRACE_MAX = 1 << 16, TEXTS = 2 };

static const struct record_shape shape = {
    .name = "test",
    .wrappers = {{.array_key = "value"},
                 {.array_key = "Events",
                  .string_key = "CloudTrailEvent",
                  .context_key = "Resources"}},
    .time_path = "t",
};

static struct row {
    const char *name;
    const char *body;
    const char *trace; /* records with time and context, then texts; NULL: ERROR_DATA */
} rows[] = {
    {"records with and without a time",
     "{\"value\":[{\"t\":\"1970-01-01T00:00:01Z\"},{\"t\":7},{\"a\":1}]}",
     "{\"t\":\"1970-01-01T00:00:01Z\"}@1000 {\"t\":7}@- {\"a\":1}@-"},
    {"a time with an escape", "{\"value\":[{\"t\":\"1970-01-01T00:00:01\\u002B00:00\"}]}",
     "{\"t\":\"1970-01-01T00:00:01\\u002B00:00\"}@1000"},
    {"texts on both sides", "{\"next\":\"a\\nb\",\"value\":[],\"token\":\"\",\"x\":[{}]}",
     "next=a\nb token="},
    {"a text that is null", "{\"next\":null,\"value\":[],\"token\":5}", ""},
    {"envelopes",
     "{\"Events\":[{\"Resources\":[1],\"CloudTrailEvent\":\"{\\\"t\\\":"
     "\\\"1970-01-01T00:00:01Z\\\"}\"},{\"CloudTrailEvent\":\"{\\\"a\\\":2}\"}]}",
     "{\"t\":\"1970-01-01T00:00:01Z\"}@1000<[1]> {\"a\":2}@-"},
    {"an envelope whose record is no JSON",
     "{\"Events\":[{\"CloudTrailEvent\":\"{\\\"a\\\"\"},{\"CloudTrailEvent\":\"{}\"}]}",
     "{\"a\"@- {}@-"},
    {"an envelope without a record", "{\"Events\":[{\"x\":1},7]}", "{\"x\":1}@- 7@-"},
    {"a broken record between good ones", "{\"value\":[{\"a\":1},{\"a\":01},{\"a\":3}]}",
     "{\"a\":1}@- {\"a\":01}@- {\"a\":3}@-"},
    {"bad UTF-8 in a record", "{\"value\":[{\"a\":\"\xff\"},{}],\"next\":\"n\"}",
     "{\"a\":\"\xff\"}@- {}@- next=n"},
    {"white space everywhere", " { \"value\" : [ {} , {} ] } \n", "{}@- {}@-"},
    {"nothing", "", NULL},
    {"no JSON", "<html>", NULL},
    {"no object", "[{}]", NULL},
    {"no array of records", "{\"next\":\"n\"}", NULL},
    {"an array that is null", "{\"value\":null}", NULL},
    {"cut off in a record", "{\"value\":[{},{\"a\":", NULL},
    {"cut off behind a record", "{\"value\":[{}", NULL},
    {"cut off behind the array", "{\"value\":[{}]", NULL},
    {"broken beside the array", "{\"value\":[{}],\"next\":nil}", NULL},
    {"two answers", "{\"value\":[{}]}{}", NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void trace_page(const struct page *page, const struct answer_text *texts,
                       struct buf *trace)
{
    for (size_t i = 0; i < page->record_count; i++) {
        const struct record *record = &page->records[i];
        buf_add_text(trace, trace->size == 0 ? "" : " ");
        buf_add_bytes(trace, record->bytes);
        if (page->record_ms[i] == INT64_MIN) {
            buf_add_text(trace, "@-");
        } else {
            buf_addf(trace, "@%d", (int)page->record_ms[i]);
        }
        if (record->context.size > 0) {
            buf_add_text(trace, "<");
            buf_add_bytes(trace, record->context);
            buf_add_text(trace, ">");
        }
    }
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i].text != NULL) {
            buf_addf(trace, "%s%s=%s", trace->size == 0 ? "" : " ", texts[i].key,
                     texts[i].text);
        }
    }
}

static void answer_becomes_records(void **state)
{
    const struct row *row = *state;
    struct page page = {0};
    buf_init(&page.body, TRACE_MAX);
    buf_add_text(&page.body, row->body);
    struct answer_text texts[TEXTS] = {{.key = "next"}, {.key = "token"}};
    struct error err = {0};
    struct buf trace;
    buf_init(&trace, TRACE_MAX);

    bool ok = answer_split(&shape, texts, TEXTS, &page, &err);

    assert_int_equal(ok, row->trace != NULL);
    trace_page(&page, texts, &trace);
    assert_string_equal(buf_text(&trace), ok ? row->trace : "");
    assert_int_equal(err.kind, ok ? ERROR_NONE : ERROR_DATA);
    for (size_t i = 0; i < TEXTS; i++) {
        free(texts[i].text);
    }
    buf_clear(&trace);
    page_clear(&page);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){.name = rows[i].name,
                                       .test_func = answer_becomes_records,
                                       .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("answer_split", tests, NULL, NULL);
}
