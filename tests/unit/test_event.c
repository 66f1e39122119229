/* event/event.h: what of a record reaches the platform, and what never does. */
#include "sample.h"

#include "base/mem.h"
#include "config/principle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char head[] =
    "{\"eventID\":\"e1\",\"recipientAccountId\":\"111122223333\","
    "\"awsRegion\":\"eu-west-2\",\"eventSource\":\"iam.amazonaws.com\","
    "\"eventName\":\"AddUserToGroup\"";
static const char time_member[] = ",\"eventTime\":\"2026-11-23T06:00:00Z\"";

static void read_record(struct sample *sample, const char *members)
{
    char *text = mem_format("%s%s%s}", head, members, time_member);
    assert_true(sample_read(sample, bytes_of(text)));
    free(text);
}

static json_t *event_of(struct sample *sample)
{
    json_t *event = sample_event(sample);
    assert_non_null(event);
    return event;
}

static void assert_member(const json_t *event, const char *name, const char *json)
{
    const json_t *member = sample_member(event, name);
    if (json == NULL) {
        assert_null(member);
        return;
    }
    assert_non_null(member);
    char *text = json_dumps(member, JSON_ENCODE_ANY | JSON_COMPACT);
    assert_string_equal(text, json);
    free(text);
}

static struct row {
    const char *test;
    const char *members; /* added to the record */
    const char *name;
    const char *json; /* NULL: absent */
} rows[] = {
    {"native time", "", "@timestamp", "\"2026-11-23T06:00:00.000Z\""},
    {"time as MOJ asks", "", "moj.time_clf", "\"[23/Nov/2026:06:00:00 +0000]\""},
    {"the record's own time text", "", "moj.time_original", "\"2026-11-23T06:00:00Z\""},
    {"nothing read: no created", "", "event.created", NULL},
    {"a name is short", "", "cloud.service.name", "\"iam\""},
    {"a provider is as it was", "", "event.provider", "\"iam.amazonaws.com\""},
    {"an account", "", "cloud.account.id", "\"111122223333\""},
    {"a region", "", "cloud.region", "\"eu-west-2\""},
    {"an action", "", "event.action", "\"AddUserToGroup\""},
    {"an id", "", "event.id", "\"aws:111122223333:e1\""},
    {"a tenant without its empty member", "", "moj.tenant", "{\"owner\":\"team\"}"},
    {"no error: success", "", "event.outcome", "\"success\""},
    {"an error: failure", ",\"errorCode\":\"AccessDenied\"", "event.outcome",
     "\"failure\""},
    {"an address", ",\"sourceIPAddress\":\"203.0.113.7\"", "source.ip",
     "\"203.0.113.7\""},
    {"an address of version 6", ",\"sourceIPAddress\":\"2001:db8::1\"", "source.ip",
     "\"2001:db8::1\""},
    {"a service is no address", ",\"sourceIPAddress\":\"cloudtrail.amazonaws.com\"",
     "source.ip", NULL},
    {"it stands as it was", ",\"sourceIPAddress\":\"cloudtrail.amazonaws.com\"",
     "source.address", "\"cloudtrail.amazonaws.com\""},
    {"it is a host", ",\"sourceIPAddress\":\"cloudtrail.amazonaws.com\"", "related.hosts",
     "[\"cloudtrail.amazonaws.com\"]"},
    {"AWS Internal is neither", ",\"sourceIPAddress\":\"AWS Internal\"", "related", NULL},
    {"an address with a port is none", ",\"sourceIPAddress\":\"203.0.113.7:80\"",
     "source.ip", NULL},
    {"addresses are gathered once",
     ",\"sourceIPAddress\":\"203.0.113.7\",\"addresses\":[\"10.0.0.1\",\"203.0.113.7\"]",
     "related.ip", "[\"203.0.113.7\",\"10.0.0.1\"]"},
    {"a port", ",\"port\":443", "source.port", "443"},
    {"a port in a string", ",\"port\":\"443\"", "source.port", "443"},
    {"2^64-1 fits no column", ",\"port\":18446744073709551615", "source.port", NULL},
    {"1e400 neither", ",\"port\":1e400", "source.port", NULL},
    {"a number as text", ",\"target\":18446744073709551615", "user.target.name",
     "\"18446744073709551615\""},
    {"a boolean as text", ",\"target\":true", "user.target.name", "\"true\""},
    {"null is absent", ",\"target\":null", "user.target.name", NULL},
    {"an empty text is absent", ",\"target\":\"\"", "user", NULL},
    {"an object is no text", ",\"target\":{\"a\":1}", "user.target.name", NULL},
    {"Yes is true", ",\"mfa\":\"Yes\"", "moj.actor.mfa", "true"},
    {"false in a string", ",\"mfa\":\"false\"", "moj.actor.mfa", "false"},
    {"maybe is absent", ",\"mfa\":\"maybe\"", "moj.actor", NULL},
    {"texts without repeats", ",\"roles\":[\"a\",null,\"b\",\"a\",\"\",7]", "user.roles",
     "[\"a\",\"b\",\"7\"]"},
    {"an empty array is absent", ",\"roles\":[]", "user", NULL},
    {"a NUL in a name", ",\"target\":\"a\\u0000b\"", "user.target.name",
     "\"a\xef\xbf\xbd"
     "b\""},
    {"a lone surrogate in a name", ",\"target\":\"\\ud800\"", "user.target.name",
     "\"\xef\xbf\xbd\""},
    {"a pair in a name", ",\"target\":\"\\ud83d\\ude00\"", "user.target.name",
     "\"\xf0\x9f\x98\x80\""},
    {"users are gathered once",
     ",\"user\":{\"id\":\"u\",\"name\":\"n\"},\"target\":\"n\","
     "\"members\":[{\"name\":\"m\"},{\"name\":\"u\"}]",
     "related.user", "[\"n\",\"u\",\"m\"]"},
    {"a value of a string's JSON", ",\"body\":\"{\\\"role\\\":\\\"r\\\"}\"",
     "moj.role.name", "[\"r\"]"},
    {"a reason stands in event", ",\"reason\":\"why\"", "event.reason", "\"why\""},
    {"who only calls himself so", ",\"userAgent\":\"auditbridge/0.1\"", "moj.self", NULL},
    {"principles in the guidance's order", "", "moj.principles", "[\"2b\",\"6\"]"},
    {"a group's change", ",\"group\":\"admins\"", "event.type", "[\"change\",\"group\"]"},
    {"a role's change", "", "event.type", "[\"admin\",\"change\"]"},
    {"categories", "", "event.category", "[\"configuration\",\"iam\"]"},
    {"the rule", "", "moj.rule_ids", "[\"sample-rule\"]"},
    {"the evidence is touched", "", "moj.tamper", "true"},
    {"whether an administrator is made", "", "moj.privileged", "\"false\""},
    {"the change", "", "moj.change", "\"add\""},
    {"packs", "", "moj.mapping", "{\"versions\":\"test 1\",\"hash\":\"00ff\"}"},
    {"the source", "", "moj.source", "\"prod\""},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void init(struct sample *sample, const char *redact)
{
    sample_init(sample, &sample_mapping, redact);
    sample->rule.principles =
        principle_bit(principle_find("2b")) | principle_bit(principle_find("6"));
    sample->rule.change = CHANGE_ADD;
    sample->rule.is_tamper = true;
    sample->rule.privileged = PRIVILEGED_FALSE;
}

static void test_member(void **state)
{
    const struct row *row = *state;
    struct sample sample;
    init(&sample, NULL);
    read_record(&sample, row->members);
    json_t *event = event_of(&sample);
    assert_member(event, row->name, row->json);
    json_decref(event);
    sample_clear(&sample);
}

static void a_record_without_a_time_is_dated_when_it_was_read(void **state)
{
    (void)state;
    static const char *const ends[] = {"}", ",\"eventTime\":\"yesterday\"}",
                                       ",\"eventTime\":17}",
                                       ",\"eventTime\":\"9999-12-31T23:59:59-01:00\"}"};
    struct sample sample;
    init(&sample, NULL);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char *text = mem_format("%s%s", head, ends[i]);
        assert_true(sample_read(&sample, bytes_of(text)));
        sample.event.observed_ms = 1795413600123;
        json_t *event = event_of(&sample);
        assert_member(event, "@timestamp", "\"2026-11-23T06:00:00.123Z\"");
        assert_member(event, "event.created", "\"2026-11-23T06:00:00.123Z\"");
        assert_member(event, "moj.time_missing", "true");
        assert_member(event, "moj.time_original",
                      i == 1   ? "\"yesterday\""
                      : i == 2 ? "\"17\""
                      : i == 3 ? "\"9999-12-31T23:59:59-01:00\""
                               : NULL);
        json_decref(event);
        sample.event.observed_ms = 0;
        event = event_of(&sample);
        assert_member(event, "@timestamp", NULL);
        json_decref(event);
        free(text);
    }
    sample_clear(&sample);
}

static void the_time_it_is_counted_by_is_said_where_it_is_in_another_hour(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, NULL);
    char *text = mem_format("%s,\"eventTime\":\"2026-11-23T06:59:59Z\"}", head);
    assert_true(sample_read(&sample, bytes_of(text)));
    sample.event.counted_ms = INT64_C(1795413599000); /* 05:59:59 */
    json_t *event = event_of(&sample);
    assert_member(event, "moj.counted_at", "\"2026-11-23T05:59:59.000Z\"");
    json_decref(event);
    sample.event.counted_ms = INT64_C(1795413600000); /* 06:00:00 */
    event = event_of(&sample);
    assert_member(event, "moj.counted_at", NULL);
    json_decref(event);
    free(text);
    sample_clear(&sample);
}

static void a_record_of_no_rule_is_still_an_event(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, NULL);
    sample.rule.principles = 0;
    read_record(&sample, "");
    json_t *event = event_of(&sample);
    assert_member(event, "moj.principles", NULL);
    assert_member(event, "event.category", NULL);
    assert_member(event, "event.kind", "\"event\"");
    json_decref(event);
    sample_clear(&sample);
}

static void the_context_is_carried_beside_the_record(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, NULL);
    read_record(&sample, "");
    sample.record.context = bytes_of("[ {\n\"ResourceName\": \"a\\u0000\"} ]");
    json_t *event = event_of(&sample);
    assert_member(event, "moj.transport", "[{\"ResourceName\":\"a\xef\xbf\xbd\"}]");
    json_decref(event);
    assert_null(memchr(sample.out.data, '\n', sample.out.size));
    sample.record.context = bytes_of("[]");
    event = event_of(&sample);
    assert_member(event, "moj.transport", NULL);
    json_decref(event);
    sample_clear(&sample);
}

static void a_long_value_is_cut_and_says_so_and_the_original_is_whole(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, NULL);
    char *name = mem_alloc(100001);
    memset(name, 'x', 100000);
    memcpy(name + 32765, "\xc3\xa9", 2);
    name[100000] = '\0';
    char *members = mem_format(",\"target\":\"%s\"", name);
    read_record(&sample, members);
    json_t *event = event_of(&sample);
    assert_int_equal(json_string_length(sample_member(event, "user.target.name")), 32765);
    assert_member(event, "moj.truncated_fields",
                  "[\"user.target.name\",\"moj.target.name\"]");
    const json_t *original = sample_member(event, "event.original");
    assert_int_equal(json_string_length(original), sample.bytes.size);
    json_decref(event);
    free(members);
    free(name);
    sample_clear(&sample);
}

static void raw_is_the_record_on_one_line(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, NULL);
    assert_true(sample_read(&sample, bytes_of("{\r\n \"a\\n\" :\n[1]}")));
    assert_true(sample_write(&sample, FORMAT_RAW));
    assert_string_equal(buf_text(&sample.out), "{   \"a\\n\" : [1]}");
    sample.out.limit = 3;
    buf_clear(&sample.out);
    assert_false(sample_write(&sample, FORMAT_RAW));
    assert_int_equal(sample.out.size, 0);
    sample_clear(&sample);
}

static void unreadable_bytes_are_told_of(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, NULL);
    struct event_unreadable unreadable = {.bytes = bytes_of("{\"a\xff"),
                                          .size = 4,
                                          .offset = 17,
                                          .reason = "invalid UTF-8",
                                          .observed_ms = 1795413600123};
    assert_true(
        event_write_unreadable(&sample.origin, &unreadable, &sample.id, &sample.out));
    json_t *event = json_loadb((const char *)sample.out.data, sample.out.size, 0, NULL);
    assert_member(event, "event.action", "\"bridge.unreadable\"");
    assert_member(event, "event.kind", "\"pipeline_error\"");
    assert_member(event, "moj.principles", "[\"7a\"]");
    assert_member(event, "moj.unreadable.head", "\"eyJh/w==\"");
    assert_member(event, "moj.unreadable.offset", "17");
    assert_member(event, "moj.unreadable.size", "4");
    assert_member(event, "error.message", "\"invalid UTF-8\"");
    assert_member(event, "moj.source", "\"prod\"");
    assert_string_equal(buf_text(&sample.id),
                        json_string_value(sample_member(event, "event.id")));
    json_decref(event);
    sample_clear(&sample);
}

/* Writes a JSON value, awkward in every legal way, at random. */
int main(void)
{
    struct CMUnitTest tests[ROWS + 7] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].test, .test_func = test_member, .initial_state = &rows[i]};
    }
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_record_without_a_time_is_dated_when_it_was_read),
        cmocka_unit_test(the_time_it_is_counted_by_is_said_where_it_is_in_another_hour),
        cmocka_unit_test(a_record_of_no_rule_is_still_an_event),
        cmocka_unit_test(the_context_is_carried_beside_the_record),
        cmocka_unit_test(a_long_value_is_cut_and_says_so_and_the_original_is_whole),
        cmocka_unit_test(raw_is_the_record_on_one_line),
        cmocka_unit_test(unreadable_bytes_are_told_of),
    };
    memcpy(&tests[ROWS], others, sizeof(others));

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
