/*
 * Events in OCSF: which class, and what is where. That they keep to each release's schema
 * is for ocsf_corpus.py and e2e/test_ocsf.py, which have the schemas.
 */
#include "base/mem.h"
#include "config/principle.h"
#include "event/notice.h"
#include "event/redact.h"
#include "event/shorten.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char head[] =
    "{\"eventTime\":\"2026-11-23T06:00:00Z\",\"eventSource\":\"iam.amazonaws.com\","
    "\"eventName\":\"DoIt\",\"awsRegion\":\"eu-west-2\",\"eventID\":\"e1\","
    "\"recipientAccountId\":\"111122223333\"";

static void assert_member(const json_t *event, const char *name, const char *expected)
{
    const json_t *member = sample_member(event, name);
    if (expected == NULL) {
        assert_null(member);
        return;
    }
    char *text = json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

/* A record with members behind head, to which one rule says principle and change. */
static void init(struct sample *sample, const char *members, const char *principle,
                 enum change change)
{
    sample_init(sample, &sample_mapping, NULL);
    sample->rule.principles =
        principle == NULL ? 0 : principle_bit(principle_find(principle));
    sample->rule.change = change;
    char *record = mem_format("%s%s}", head, members);
    assert_true(sample_read(sample, bytes_of(record)));
    free(record);
}

static json_t *parse(struct bytes text)
{
    json_t *event =
        json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(event);
    return event;
}

static json_t *event_of(struct sample *sample, enum event_format format)
{
    sample->out.size = 0;
    assert_true(sample_write(sample, format));
    return parse(buf_bytes(&sample->out));
}

#define WHO                                                                              \
    ",\"user\":{\"id\":\"u1\",\"name\":\"amy\"},\"sourceIPAddress\":\"203.0.113.7\""

static struct row {
    const char *name;
    const char *members;
    const char *principle;
    enum change change;
    int before_1_8; /* class_uid * 100 + activity_id */
    int in_1_8;
} rows[] = {
    {"without a rule it is a call", WHO, NULL, CHANGE_NONE, 600399, 600399},
    {"a call that creates", WHO, "3b", CHANGE_CREATE, 600301, 600301},
    {"a call that deletes", WHO, "3e", CHANGE_DELETE, 600304, 600304},
    {"stopping a machine updates it", WHO, "3a", CHANGE_STOP, 600303, 600303},
    {"somebody joins a group", WHO ",\"group\":\"g\",\"members\":[{\"name\":\"bo\"}]",
     "2b", CHANGE_ADD, 300603, 300603},
    {"somebody leaves a group", WHO ",\"group\":\"g\",\"members\":[{\"name\":\"bo\"}]",
     "2b", CHANGE_REMOVE, 300604, 300604},
    {"of two members none is the user",
     WHO ",\"group\":\"g\",\"members\":[{\"name\":\"bo\"},{\"name\":\"cy\"}]", "2b",
     CHANGE_ADD, 600303, 600303},
    {"a group gets a role", WHO ",\"group\":\"g\",\"body\":\"{\\\"role\\\":\\\"r\\\"}\"",
     "2b", CHANGE_ADD, 300601, 300601},
    {"somebody gets a role",
     WHO ",\"members\":[{\"name\":\"bo\"}],\"body\":\"{\\\"role\\\":\\\"r\\\"}\"", "2b",
     CHANGE_ADD, 300501, 300501},
    {"somebody loses a role",
     WHO ",\"target\":\"bo\",\"body\":\"{\\\"role\\\":\\\"r\\\"}\"", "2b", CHANGE_REMOVE,
     300502, 300502},
    {"a membership that names nobody is a call", WHO, "2b", CHANGE_ADD, 600303, 600303},
    {"before 1.8 a group alone is an entity", WHO ",\"group\":\"g\"", "2a", CHANGE_CREATE,
     300401, 300606},
    {"a group is deleted", WHO ",\"group\":\"g\"", "2a", CHANGE_DELETE, 300404, 300605},
    {"a role is changed", WHO ",\"body\":\"{\\\"role\\\":\\\"r\\\"}\"", "2a",
     CHANGE_MODIFY, 300403, 300403},
    {"an account is made", WHO ",\"target\":\"bo\"", "2a", CHANGE_CREATE, 300101, 300101},
    {"a session gets a role", WHO ",\"body\":\"{\\\"role\\\":\\\"r\\\"}\"", "2c",
     CHANGE_START, 300301, 300301},
    {"a session gets a group", WHO ",\"group\":\"g\"", "2c", CHANGE_START, 300302,
     300302},
    {"an elevation without a role switches accounts", WHO, "2c", CHANGE_START, 300299,
     300207},
    {"somebody signs in", WHO, "1a", CHANGE_NONE, 300201, 300201},
    {"somebody signs out", WHO, "1f", CHANGE_NONE, 300202, 300202},
    {"a second factor is asked for", WHO, "1b", CHANGE_NONE, 300299, 300299},
    {"a sign-in of nobody is a call", "", "1a", CHANGE_NONE, 600399, 600399},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_class(void **state)
{
    const struct row *row = *state;
    struct sample sample;
    init(&sample, row->members, row->principle, row->change);
    for (int format = FORMAT_OCSF_1_1; format <= FORMAT_OCSF_1_8; format++) {
        json_t *event = event_of(&sample, (enum event_format)format);
        int type = format == FORMAT_OCSF_1_8 ? row->in_1_8 : row->before_1_8;
        assert_int_equal(json_integer_value(sample_member(event, "type_uid")), type);
        assert_int_equal(json_integer_value(sample_member(event, "class_uid")),
                         type / 100);
        assert_int_equal(json_integer_value(sample_member(event, "category_uid")),
                         type / 100000);
        json_decref(event);
    }
    sample_clear(&sample);
}

static void each_member_has_its_place_and_moj_is_that_of_ecs(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample,
         WHO
         ",\"port\":443,\"mfa\":\"true\",\"errorCode\":\"Denied\",\"instance\":\"i-1\","
         "\"target\":\"t\",\"roles\":[\"a\"],\"userAgent\":\"cli\"",
         "3b", CHANGE_MODIFY);
    json_t *event = event_of(&sample, FORMAT_OCSF_1_3);
    json_t *ecs = event_of(&sample, FORMAT_ECS);
    assert_member(event, "time", "1795413600000");
    assert_member(event, "status_id", "2");
    assert_member(event, "status_code", "\"Denied\"");
    assert_member(event, "metadata.version", "\"1.3.0\"");
    assert_member(event, "metadata.profiles", "[\"cloud\"]");
    assert_member(event, "metadata.uid", "\"aws:111122223333:e1\"");
    assert_member(event, "metadata.original_time", "\"2026-11-23T06:00:00Z\"");
    assert_member(event, "metadata.product",
                  "{\"name\":\"CloudTrail\",\"vendor_name\":\"AWS\"}");
    assert_member(event, "cloud",
                  "{\"account\":{\"uid\":\"111122223333\"},\"provider\":\"aws\","
                  "\"region\":\"eu-west-2\"}");
    assert_member(event, "actor",
                  "{\"session\":{\"is_mfa\":true},"
                  "\"user\":{\"name\":\"amy\",\"uid\":\"u1\"}}");
    assert_member(event, "src_endpoint", "{\"ip\":\"203.0.113.7\",\"port\":443}");
    assert_member(event, "http_request", "{\"user_agent\":\"cli\"}");
    assert_member(event, "resources", "[{\"name\":\"t\"}]");
    /* What has no place keeps its name in ecs; what has one is not said twice. */
    assert_member(event, "unmapped.user",
                  "{\"roles\":[\"a\"],\"target\":{\"name\":\"t\"}}");
    assert_member(event, "unmapped.cloud", "{\"instance\":{\"id\":\"i-1\"}}");
    assert_member(event, "unmapped.source", NULL);
    assert_member(event, "unmapped.error", NULL);
    assert_true(
        json_equal(sample_member(event, "unmapped.moj"), sample_member(ecs, "moj")));
    assert_true(json_equal(sample_member(event, "raw_data"),
                           sample_member(ecs, "event.original")));
    json_decref(ecs);
    json_decref(event);
    sample_clear(&sample);
}

static void only_1_8_has_a_place_for_the_hash(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, WHO, NULL, CHANGE_NONE);
    json_t *ecs = event_of(&sample, FORMAT_ECS);
    json_t *old = event_of(&sample, FORMAT_OCSF_1_1);
    json_t *new = event_of(&sample, FORMAT_OCSF_1_8);
    const json_t *hash = sample_member(ecs, "event.hash");
    assert_true(json_equal(sample_member(old, "unmapped.event.hash"), hash));
    assert_true(json_equal(sample_member(new, "raw_data_hash.value"), hash));
    assert_member(old, "raw_data_hash", NULL);
    assert_member(new, "unmapped.event", NULL);
    json_decref(new);
    json_decref(old);
    json_decref(ecs);
    sample_clear(&sample);
}

static void in_1_1_an_iam_event_keeps_its_address_in_unmapped(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, WHO ",\"body\":\"{\\\"role\\\":\\\"r\\\"}\"", "2a", CHANGE_CREATE);
    json_t *old = event_of(&sample, FORMAT_OCSF_1_1);
    json_t *new = event_of(&sample, FORMAT_OCSF_1_3);
    assert_member(old, "src_endpoint", NULL);
    assert_member(old, "unmapped.source.ip", "\"203.0.113.7\"");
    assert_member(new, "src_endpoint", "{\"ip\":\"203.0.113.7\"}");
    assert_member(new, "unmapped.source", NULL);
    json_decref(new);
    json_decref(old);
    sample_clear(&sample);
}

static void what_is_required_and_not_said_is_unknown(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, ",\"port\":99999", NULL, CHANGE_NONE);
    json_t *event = event_of(&sample, FORMAT_OCSF_1_3);
    assert_member(event, "actor", "{\"user\":{\"name\":\"Unknown\"}}");
    assert_member(event, "src_endpoint", "{\"name\":\"Unknown\"}");
    assert_member(event, "unmapped.source", "{\"port\":99999}");
    json_decref(event);
    sample_clear(&sample);
}

static void what_redaction_takes_decides_no_class(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, WHO ",\"group\":\"g\",\"members\":[{\"name\":\"bo\"}]", "2b",
         CHANGE_ADD);
    struct error err;
    json_t *paths = json_pack("[s]", "members[*].name");
    struct redact *redact = redact_new(paths, &err);
    assert_non_null(redact);
    sample.origin.redact = redact;
    json_t *event = event_of(&sample, FORMAT_OCSF_1_3);
    assert_member(event, "class_uid", "6003");
    assert_null(strstr(buf_text(&sample.out), "bo"));
    json_decref(event);
    json_decref(paths);
    sample_clear(&sample);
}

static void an_event_that_does_not_fit_leaves_nothing_behind(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, WHO ",\"target\":\"t\"", "3b", CHANGE_CREATE);
    json_decref(event_of(&sample, FORMAT_OCSF_1_8));
    size_t whole = sample.out.size;
    for (size_t limit = 0; limit < whole; limit++) {
        buf_clear(&sample.out);
        buf_init(&sample.out, limit);
        assert_false(sample_write(&sample, FORMAT_OCSF_1_8));
        assert_int_equal(sample.out.size, 0);
    }
    buf_clear(&sample.out);
    buf_init(&sample.out, whole + 512); /* names are written with room to spare */
    assert_true(sample_write(&sample, FORMAT_OCSF_1_8));
    sample_clear(&sample);
}

static void shortened_it_lacks_its_record_and_says_so(void **state)
{
    (void)state;
    struct sample sample;
    struct buf out;
    init(&sample, WHO, NULL, CHANGE_NONE);
    buf_init(&out, 1 << 20);
    for (int format = FORMAT_OCSF_1_1; format <= FORMAT_OCSF_1_8; format++) {
        json_decref(event_of(&sample, (enum event_format)format));
        out.size = 0;
        assert_true(
            event_shorten((enum event_format)format, buf_bytes(&sample.out), &out));
        json_t *event = parse(buf_bytes(&out));
        assert_member(event, "raw_data", NULL);
        assert_member(event, "unmapped.moj.truncated", "true");
        assert_member(event, "metadata.is_truncated",
                      format == FORMAT_OCSF_1_8 ? "true" : NULL);
        json_decref(event);
    }
    buf_clear(&out);
    sample_clear(&sample);
}

static void the_bridges_own_events_are_of_its_life(void **state)
{
    (void)state;
    struct sample sample;
    init(&sample, WHO, NULL, CHANGE_NONE);
    json_t *details = json_pack("{s:i}", "count", 3);
    const struct notice notice = {.kind = "loss",
                                  .about = "x",
                                  .message = "gone",
                                  .is_problem = true,
                                  .time_ms = 1795413600123,
                                  .details = details};
    assert_true(
        notice_write(FORMAT_OCSF_1_1, &sample.origin, &notice, &sample.id, &sample.out));
    json_t *event = parse(buf_bytes(&sample.out));
    assert_member(event, "type_uid", "600299");
    assert_member(event, "activity_name", "\"bridge.loss\"");
    assert_member(event, "severity_id", "3");
    assert_member(event, "message", "\"gone\"");
    assert_member(event, "time", "1795413600123");
    assert_member(event, "metadata.uid", "\"bridge:prod:loss:x\"");
    assert_member(event, "unmapped.moj.principles", "[\"7a\"]");
    assert_member(event, "unmapped.moj.bridge", "{\"count\":3}");
    assert_member(event, "unmapped.moj.source", "\"prod\"");
    json_decref(event);
    json_decref(details);
    sample_clear(&sample);
}

static void a_format_is_found_by_name_and_release(void **state)
{
    (void)state;
    enum event_format format = FORMAT_COUNT;
    assert_true(event_format_find("raw", "1.8.0", &format));
    assert_int_equal(format, FORMAT_RAW);
    assert_true(event_format_find("ocsf", "1.8.0", &format));
    assert_int_equal(format, FORMAT_OCSF_1_8);
    assert_false(event_format_find("ocsf", "1.2.0", &format));
    assert_false(event_format_find("cef", "1.8.0", &format));
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(each_member_has_its_place_and_moj_is_that_of_ecs),
        cmocka_unit_test(only_1_8_has_a_place_for_the_hash),
        cmocka_unit_test(in_1_1_an_iam_event_keeps_its_address_in_unmapped),
        cmocka_unit_test(what_is_required_and_not_said_is_unknown),
        cmocka_unit_test(what_redaction_takes_decides_no_class),
        cmocka_unit_test(an_event_that_does_not_fit_leaves_nothing_behind),
        cmocka_unit_test(shortened_it_lacks_its_record_and_says_so),
        cmocka_unit_test(the_bridges_own_events_are_of_its_life),
        cmocka_unit_test(a_format_is_found_by_name_and_release),
    };
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    struct CMUnitTest tests[ROWS + OTHERS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_class, .initial_state = &rows[i]};
    }
    memcpy(&tests[ROWS], others, sizeof(others));
    return cmocka_run_group_tests_name("ocsf", tests, NULL, NULL);
}
