/* sinks/syslog_message.h: what a receiver reads, octet by octet. */
#include "config/principle.h"
#include "sinks/syslog_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct syslog_style json_style = {
    .host = "bridge-1", .facility = 13, .enterprise = 32473, .size_max = 1000};
static const struct syslog_style cef_style = {.host = "bridge-1",
                                              .facility = 16,
                                              .enterprise = 5,
                                              .is_cef = true,
                                              .size_max = 4000};

static uint32_t bit(const char *ref)
{
    return principle_bit(principle_find(ref));
}

/* The message of a frame whose count of octets is right. */
static const char *message_of(struct buf *frame)
{
    char *end = NULL;
    const char *text = buf_text(frame);
    size_t size = strtoul(text, &end, 10);
    assert_int_equal(*end, ' ');
    assert_int_equal(size, frame->size - (size_t)(end + 1 - text));
    return end + 1;
}

static void an_event_is_one_counted_frame(void **state)
{
    (void)state;
    struct buf frame;
    char wanted[256];
    const struct syslog_event event = {.text = bytes_of("{\"n\":1}"),
                                       .id = "aws:1",
                                       .source = "prod",
                                       .principles = bit("2b") | bit("3f"),
                                       .time_ms = INT64_C(1772366400042)};
    buf_init(&frame, 4096);
    assert_true(syslog_message_add(&json_style, &event, &frame));
    snprintf(wanted, sizeof(wanted),
             "<109>1 2026-03-01T12:00:00.042Z bridge-1 auditbridge %ld AUDIT "
             "[auditbridge@32473 id=\"aws:1\" principles=\"2b 3f\" source=\"prod\"] "
             "{\"n\":1}",
             (long)getpid());
    assert_string_equal(message_of(&frame), wanted);
    buf_clear(&frame);
}

static void what_answers_nothing_and_has_no_time_is_said_so(void **state)
{
    (void)state;
    struct buf frame;
    const struct syslog_event event = {
        .text = bytes_of("{}"), .id = "x", .source = "prod", .is_own = true};
    buf_init(&frame, 4096);
    assert_true(syslog_message_add(&json_style, &event, &frame));
    const char *message = message_of(&frame);
    assert_memory_equal(message, "<110>1 - bridge-1 ", strlen("<110>1 - bridge-1 "));
    assert_non_null(
        strstr(message, " BRIDGE [auditbridge@32473 id=\"x\" source=\"prod\"]"));
    buf_clear(&frame);
}

static void three_bytes_are_escaped_in_structured_data(void **state)
{
    (void)state;
    struct buf frame;
    const struct syslog_event event = {
        .text = bytes_of("{}"), .id = "a\"b\\c]d", .source = "prod"};
    buf_init(&frame, 4096);
    assert_true(syslog_message_add(&json_style, &event, &frame));
    assert_non_null(strstr(message_of(&frame), " id=\"a\\\"b\\\\c\\]d\" "));
    buf_clear(&frame);
}

static void a_message_over_the_limit_adds_nothing(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof(text));
    struct buf frames;
    struct syslog_event event = {.text = bytes_of("{}"), .id = "aws:1", .source = "prod"};
    buf_init(&frames, 4096);
    assert_true(syslog_message_add(&json_style, &event, &frames));
    size_t before = frames.size;
    event.text = (struct bytes){(const uint8_t *)text, sizeof(text)};
    assert_false(syslog_message_add(&json_style, &event, &frames));
    assert_int_equal(frames.size, before);

    /* Exactly as long as is allowed. */
    const char *at = strchr(buf_text(&frames), ' ') + 1;
    event.text.size = json_style.size_max - (strlen(at) - strlen("{}"));
    assert_true(syslog_message_add(&json_style, &event, &frames));
    event.text.size++;
    before = frames.size;
    assert_false(syslog_message_add(&json_style, &event, &frames));
    assert_int_equal(frames.size, before);
    buf_clear(&frames);
}

static void cef_has_what_it_has_keys_for(void **state)
{
    (void)state;
    struct buf out;
    const struct syslog_event event = {
        .text =
            bytes_of("{\"event\":{\"id\":\"aws:1\",\"action\":\"a|b\\\\c\",\"outcome\":"
                     "\"success\",\"original\":\"{...}\"},\"user\":{\"name\":\"k=1\\nv\","
                     "\"target\":{\"name\":\"eve\"}},\"source\":{\"ip\":\"192.0.2.1\"},"
                     "\"cloud\":{\"account\":{\"id\":\"1111\"}}}"),
        .id = "aws:1",
        .source = "prod",
        .principles = bit("2b"),
        .time_ms = 42};
    buf_init(&out, 4096);
    assert_true(syslog_cef_add(&event, &out));
    assert_string_equal(buf_text(&out),
                        "CEF:0|auditbridge|auditbridge|" BRIDGE_VERSION
                        "|a\\|b\\\\c|a\\|b\\\\c|5|rt=42 externalId=aws:1 act=a|b\\\\c "
                        "outcome=success suser=k\\=1\\nv duser=eve src=192.0.2.1 "
                        "cs3=1111 cs1=2b cs2=prod cs1Label=principles cs2Label=source "
                        "cs3Label=account cs4Label=region cs5Label=group "
                        "cs6Label=service");
    buf_clear(&out);
}

static void cef_is_not_made_of_what_is_no_event(void **state)
{
    (void)state;
    struct buf out;
    const struct syslog_event event = {
        .text = bytes_of("no json"), .id = "x", .source = "prod"};
    buf_init(&out, 4096);
    assert_false(syslog_message_add(&cef_style, &event, &out));
    assert_int_equal(out.size, 0);
    buf_clear(&out);
}

static const struct row {
    const char *address;
    const char *fingerprint;
    const char *key; /* NULL: all is well */
} rows[] = {
    {"logs.example.org", NULL, NULL},
    {"logs.example.org:6514", NULL, NULL},
    {"192.0.2.1:6514", NULL, NULL},
    {"[2001:db8::1]:6514", NULL, NULL},
    {"[2001:db8::1]", NULL, NULL},
    {"2001:db8::1", NULL, "address"},
    {"logs.example.org:", NULL, "address"},
    {"logs.example.org:0", NULL, "address"},
    {"logs.example.org:65536", NULL, "address"},
    {":6514", NULL, "address"},
    {"[]:6514", NULL, "address"},
    {"logs.example.org:x", NULL, "address"},
    {"logs.example.org", "ab", "fingerprint"},
};

static void an_address_is_checked_before_anything_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *key = NULL;
        json_t *settings =
            json_pack("{s:s,s:s*,s:s}", "address", rows[i].address, "fingerprint",
                      rows[i].fingerprint, "message", "json");
        const char *fault = sink_type_find("syslog")->fault(settings, &key);
        assert_int_equal(fault == NULL, rows[i].key == NULL);
        if (rows[i].key != NULL) {
            assert_string_equal(key, rows[i].key);
        }
        json_decref(settings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_counted_frame),
        cmocka_unit_test(what_answers_nothing_and_has_no_time_is_said_so),
        cmocka_unit_test(three_bytes_are_escaped_in_structured_data),
        cmocka_unit_test(a_message_over_the_limit_adds_nothing),
        cmocka_unit_test(cef_has_what_it_has_keys_for),
        cmocka_unit_test(cef_is_not_made_of_what_is_no_event),
        cmocka_unit_test(an_address_is_checked_before_anything_is_sent),
    };
    return cmocka_run_group_tests_name("syslog_message", tests, NULL, NULL);
}
