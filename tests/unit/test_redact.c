/* event/redact.h: what an operator takes out is nowhere in what leaves. */
#include "sample.h"

#include "event/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *paths;
    const char *record;
    const char *raw; /* what leaves */
} rows[] = {
    {"a string", "[\"target\"]", "{\"target\":\"secret\",\"b\":1}",
     "{\"target\":\"[redacted]\",\"b\":1}"},
    {"an empty string", "[\"target\"]", "{\"target\":\"\"}",
     "{\"target\":\"[redacted]\"}"},
    {"a number", "[\"target\"]", "{\"target\": 7}", "{\"target\": \"[redacted]\"}"},
    {"an object", "[\"user\"]", "{\"user\":{\"id\":\"secret\",\"name\":\"secret\"}}",
     "{\"user\":\"[redacted]\"}"},
    {"null tells nothing", "[\"target\"]", "{\"target\":null}", "{\"target\":null}"},
    {"every element", "[\"members[*].name\"]",
     "{\"members\":[{\"name\":\"secret\"},{\"id\":1},{\"name\":\"secret\"}]}",
     "{\"members\":[{\"name\":\"[redacted]\"},{\"id\":1},{\"name\":\"[redacted]\"}]}"},
    {"one inside another", "[\"user.id\", \"user\"]", "{\"user\":{\"id\":\"secret\"}}",
     "{\"user\":\"[redacted]\"}"},
    {"two neighbours", "[\"user.name\", \"user.id\"]",
     "{\"user\":{\"id\":\"secret\",\"name\":\"secret\"}}",
     "{\"user\":{\"id\":\"[redacted]\",\"name\":\"[redacted]\"}}"},
    {"inside a string of JSON", "[\"body!.role\"]",
     "{\"body\":\"{\\\"role\\\":\\\"secret\\\"}\",\"b\":2}",
     "{\"body\":\"[redacted]\",\"b\":2}"},
    {"a string of JSON that mappings enter", "[\"body\"]",
     "{\"body\":\"{\\\"role\\\":\\\"secret\\\"}\"}", "{\"body\":\"[redacted]\"}"},
    {"a string of JSON that says nothing of it", "[\"body!.role\"]",
     "{\"body\":\"{\\\"x\\\":1}\"}", "{\"body\":\"{\\\"x\\\":1}\"}"},
    {"nothing there", "[\"absent\"]", "{\"target\":\"a\"}", "{\"target\":\"a\"}"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_redact(void **state)
{
    const struct row *row = *state;
    struct sample sample;
    sample_init(&sample, &sample_mapping, row->paths);
    assert_non_null(sample.origin.redact);
    assert_true(sample_read(&sample, bytes_of(row->record)));
    assert_true(sample_write(&sample, FORMAT_RAW));
    assert_string_equal(buf_text(&sample.out), row->raw);

    assert_true(sample_write(&sample, FORMAT_ECS));
    assert_null(strstr(buf_text(&sample.out), "secret"));
    json_t *event = json_loads(buf_text(&sample.out), 0, NULL);
    const json_t *inner = json_object_get(event, "event");
    assert_string_equal(json_string_value(json_object_get(inner, "original")), row->raw);
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(bytes_of(row->raw), digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    assert_string_equal(json_string_value(json_object_get(inner, "hash")), hex);
    const json_t *moj = json_object_get(event, "moj");
    bool was_hit = strcmp(row->raw, row->record) != 0;
    assert_int_equal(json_object_get(moj, "redacted") != NULL, was_hit);
    json_decref(event);
    sample_clear(&sample);
}

static void what_was_hit_is_named_and_the_context_stays_behind(void **state)
{
    (void)state;
    struct sample sample;
    sample_init(&sample, &sample_mapping, "[\"target\", \"absent\"]");
    assert_true(sample_read(&sample, bytes_of("{\"target\":\"secret\"}")));
    sample.record.context = bytes_of("[{\"ResourceName\":\"secret\"}]");
    assert_true(sample_write(&sample, FORMAT_ECS));
    const char *out = buf_text(&sample.out);
    assert_non_null(strstr(out, "\"redacted\":[\"target\",\"moj.transport\"]"));
    assert_null(strstr(out, "secret"));
    sample_clear(&sample);
}

static void other_fields_stay(void **state)
{
    (void)state;
    struct sample sample;
    sample_init(&sample, &sample_mapping, "[\"members[*].name\", \"user.id\"]");
    assert_true(sample_read(
        &sample, bytes_of("{\"user\":{\"id\":\"secret\",\"name\":\"alice\"},"
                          "\"group\":\"g\",\"members\":[{\"name\":\"secret\"}],"
                          "\"body\":\"{\\\"role\\\":\\\"r\\\"}\"}")));
    assert_true(sample_write(&sample, FORMAT_ECS));
    const char *out = buf_text(&sample.out);
    assert_null(strstr(out, "secret"));
    assert_non_null(strstr(out, "\"user\":{\"name\":\"alice\"}"));
    assert_non_null(strstr(out, "\"group\":{\"name\":\"g\"}"));
    assert_non_null(strstr(out, "\"role\":{\"name\":[\"r\"]}"));
    sample_clear(&sample);
}

static void unreadable_bytes_are_not_shown(void **state)
{
    (void)state;
    struct sample sample;
    sample_init(&sample, &sample_mapping, "[\"target\"]");
    struct event_unreadable unreadable = {
        .bytes = bytes_of("{\"target\":"), .size = 10, .reason = "truncated"};
    assert_true(event_write_unreadable(FORMAT_ECS, &sample.origin, &unreadable,
                                       &sample.id, &sample.out));
    assert_null(strstr(buf_text(&sample.out), "\"head\""));
    sample_clear(&sample);
}

static void what_is_no_path_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"[\"a..b\"]", "[7]", "[\"\"]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_t *paths = json_loads(bad[i], 0, NULL);
        struct error err = {0};
        struct mapping mapping = sample_mapping;
        struct event_origin origin = {.mapping = &mapping, .source = "prod"};
        assert_false(event_origin_init(&origin, NULL, paths, &err));
        assert_int_equal(err.kind, ERROR_CONFIG);
        event_origin_clear(&origin);
        json_decref(paths);
    }
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 4] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_redact, .initial_state = &rows[i]};
    }
    const struct CMUnitTest others[] = {
        cmocka_unit_test(what_was_hit_is_named_and_the_context_stays_behind),
        cmocka_unit_test(other_fields_stay),
        cmocka_unit_test(unreadable_bytes_are_not_shown),
        cmocka_unit_test(what_is_no_path_is_refused),
    };
    memcpy(&tests[ROWS], others, sizeof(others));
    return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
