/* event/event.h: what of a record reaches the platform, and what never does. */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
    assert_true(sample_write(sample, FORMAT_ECS));
    json_error_t error;
    json_t *event = json_loadb((const char *)sample->out.data, sample->out.size,
                               JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (event == NULL) {
        fail_msg("%s at %d: %s", error.text, error.position, buf_text(&sample->out));
    }
    return event;
}

/* The member at a dotted name, or NULL. */
static const json_t *member_of(const json_t *event, const char *name)
{
    char *names = mem_dup(name);
    char *rest = names;
    for (char *part = strtok_r(names, ".", &rest); part != NULL;
         part = strtok_r(NULL, ".", &rest)) {
        event = json_object_get(event, part);
    }
    free(names);
    return event;
}

static void assert_member(const json_t *event, const char *name, const char *json)
{
    const json_t *member = member_of(event, name);
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
    {"our own call", ",\"userAgent\":\"auditbridge/0.1\"", "moj.self", "true"},
    {"another's", ",\"userAgent\":\"aws-cli\"", "moj.self", NULL},
    {"principles in the guidance's order", "", "moj.principles", "[\"2b\",\"6\"]"},
    {"a group's change", ",\"group\":\"admins\"", "event.type", "[\"change\",\"group\"]"},
    {"a role's change", "", "event.type", "[\"admin\",\"change\"]"},
    {"categories", "", "event.category", "[\"configuration\",\"iam\"]"},
    {"the rule", "", "moj.rule_ids", "[\"sample-rule\"]"},
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
    assert_int_equal(json_string_length(member_of(event, "user.target.name")), 32765);
    assert_member(event, "moj.truncated_fields",
                  "[\"user.target.name\",\"moj.target.name\"]");
    const json_t *original = member_of(event, "event.original");
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
                        json_string_value(member_of(event, "event.id")));
    json_decref(event);
    sample_clear(&sample);
}

/* Writes a JSON value, awkward in every legal way, at random. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void add_random_string(struct buf *out, uint32_t *seed)
{
    static const char *const pieces[] = {
        "a",       "plain text", "\\\"",           "\\\\",     "\\u0000",
        "\\ud800", "\\udc00",    "\\ud83d\\ude00", "\xc3\xa9", "\xf0\x9f\x98\x80",
        "\\n",     "\x7f",       "203.0.113.9",    "\\u001f"};
    buf_add_byte(out, '"');
    for (uint32_t left = next_random(seed) % 6; left > 0; left--) {
        buf_add_text(out, pieces[next_random(seed) % (sizeof(pieces) / sizeof(*pieces))]);
    }
    buf_add_byte(out, '"');
}

static void add_random_value(struct buf *out, uint32_t *seed)
{
    static const char *const plain[] = {
        "null",  "true", "false", "-0", "18446744073709551615",
        "1e400", "[]",   "{}",    "443"};
    static const char *const spaces[] = {"", " ", "\n", "\r\n\t"};
    buf_add_text(out, spaces[next_random(seed) % 4]);
    switch (next_random(seed) % 4) {
    case 0:
        buf_add_text(out, plain[next_random(seed) % 9]);
        break;
    case 1:
        buf_add_text(out, "[{\"name\":");
        add_random_string(out, seed);
        buf_add_text(out, "},");
        add_random_string(out, seed);
        buf_add_text(out, "\n]");
        break;
    default:
        add_random_string(out, seed);
    }
}

static void add_random_record(struct buf *out, uint32_t *seed)
{
    static const char *const keys[] = {"eventID",
                                       "eventTime",
                                       "eventSource",
                                       "eventName",
                                       "awsRegion",
                                       "reason",
                                       "instance",
                                       "errorCode",
                                       "group",
                                       "port",
                                       "roles",
                                       "target",
                                       "mfa",
                                       "addresses",
                                       "members",
                                       "body",
                                       "userAgent",
                                       "user",
                                       "other",
                                       "\\u0074arget",
                                       "recipientAccountId",
                                       "sourceIPAddress"};
    buf_add_byte(out, '{');
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (next_random(seed) % 3 > 0) {
            buf_addf(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",",
                     keys[i]);
            add_random_value(out, seed);
        }
    }
    buf_add_byte(out, '}');
}

static void assert_original(const struct sample *sample, const json_t *event)
{
    const json_t *original = member_of(event, "event.original");
    assert_int_equal(json_string_length(original), sample->bytes.size);
    assert_memory_equal(json_string_value(original), sample->bytes.data,
                        sample->bytes.size);
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(buf_bytes(&sample->bytes), digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    assert_string_equal(json_string_value(member_of(event, "event.hash")), hex);
}

/* Nothing null, nothing empty: what is not known is not there. */
static void assert_nothing_empty(const json_t *value)
{
    assert_false(json_is_null(value));
    assert_false(json_is_string(value) && json_string_length(value) == 0);
    if (json_is_object(value)) {
        assert_true(json_object_size(value) > 0);
        const char *key = NULL;
        json_t *member = NULL;
        json_object_foreach((json_t *)value, key, member)
        {
            assert_nothing_empty(member);
        }
    }
    if (json_is_array(value)) {
        assert_true(json_array_size(value) > 0);
        for (size_t i = 0; i < json_array_size(value); i++) {
            assert_nothing_empty(json_array_get(value, i));
        }
    }
}

static void every_record_becomes_json_that_gives_it_back(void **state)
{
    (void)state;
    enum { ROUNDS = 3000 };
    uint32_t seed = 2026;
    struct sample sample;
    struct buf record;
    struct buf again;
    init(&sample, NULL);
    buf_init(&record, 1 << 20);
    buf_init(&again, 1 << 20);
    for (int round = 0; round < ROUNDS; round++) {
        record.size = 0;
        add_random_record(&record, &seed);
        assert_true(sample_read(&sample, buf_bytes(&record)));
        json_t *event = event_of(&sample);
        assert_original(&sample, event);
        assert_nothing_empty(event);
        assert_null(memchr(sample.out.data, '\n', sample.out.size));
        json_decref(event);

        again.size = 0;
        assert_true(event_write(FORMAT_ECS, &sample.origin, &sample.event, &again));
        assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&sample.out)));
        buf_clear(&again);
        again.limit = next_random(&seed) % (sample.out.size + 64);
        bool fits = again.limit >= sample.out.size + 32;
        bool wrote = event_write(FORMAT_ECS, &sample.origin, &sample.event, &again);
        assert_true(wrote || (again.size == 0 && !fits));
        buf_clear(&again);
        again.limit = 1 << 20;
    }
    buf_clear(&again);
    buf_clear(&record);
    sample_clear(&sample);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 7] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].test, .test_func = test_member, .initial_state = &rows[i]};
    }
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_record_without_a_time_is_dated_when_it_was_read),
        cmocka_unit_test(a_record_of_no_rule_is_still_an_event),
        cmocka_unit_test(the_context_is_carried_beside_the_record),
        cmocka_unit_test(a_long_value_is_cut_and_says_so_and_the_original_is_whole),
        cmocka_unit_test(raw_is_the_record_on_one_line),
        cmocka_unit_test(unreadable_bytes_are_told_of),
        cmocka_unit_test(every_record_becomes_json_that_gives_it_back),
    };
    memcpy(&tests[ROWS], others, sizeof(others));

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
