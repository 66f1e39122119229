/* event/event.h over random records: always JSON, and always the record given back. */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

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
    const json_t *original = sample_member(event, "event.original");
    assert_int_equal(json_string_length(original), sample->bytes.size);
    assert_memory_equal(json_string_value(original), sample->bytes.data,
                        sample->bytes.size);
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(buf_bytes(&sample->bytes), digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    assert_string_equal(json_string_value(sample_member(event, "event.hash")), hex);
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
    sample_init(&sample, &sample_mapping, NULL);
    buf_init(&record, 1 << 20);
    buf_init(&again, 1 << 20);
    for (int round = 0; round < ROUNDS; round++) {
        record.size = 0;
        add_random_record(&record, &seed);
        assert_true(sample_read(&sample, buf_bytes(&record)));
        json_t *event = sample_event(&sample);
        assert_non_null(event);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_becomes_json_that_gives_it_back),
    };
    return cmocka_run_group_tests_name("event_property", tests, NULL, NULL);
}
