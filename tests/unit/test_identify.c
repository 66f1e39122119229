/* event/identify.c: the same record has the same id, two records never share one. */
#include "sample.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct mapping gcp = {
    .shape = {.cloud = "gcp",
              .module = "gcp",
              .dataset = "gcp.audit",
              .id_prefix = "gcp",
              .id_parts = {{RECORD_ID_PATH, "logName"},
                           {RECORD_ID_NANOS, "timestamp"},
                           {RECORD_ID_PATH, "insertId"}},
              .time_path = "timestamp",
              .service_path = "service",
              .operation_path = "method",
              .account_path = "project",
              .region_path = "zone"},
};

static struct row {
    const char *name;
    const struct mapping *mapping;
    const char *record;
    const char *id; /* NULL: the digest of the bytes */
} rows[] = {
    {"AWS", &sample_mapping, "{\"recipientAccountId\":\"1\",\"eventID\":\"e\"}",
     "aws:1:e"},
    {"the source's account where the record has none", &sample_mapping,
     "{\"eventID\":\"e\"}", "aws:000000000000:e"},
    {"no event id", &sample_mapping, "{\"recipientAccountId\":\"1\"}", NULL},
    {"an empty one", &sample_mapping, "{\"eventID\":\"\"}", NULL},
    {"a number is none: \"1\" is another record", &sample_mapping, "{\"eventID\":1}",
     NULL},
    {"parts cannot run into each other", &sample_mapping,
     "{\"recipientAccountId\":\"1:2\",\"eventID\":\"3\"}", "aws:1%3A2:3"},
    {"nor by an encoding of the record's own", &sample_mapping,
     "{\"recipientAccountId\":\"1%3A2\",\"eventID\":\"3\"}", "aws:1%253A2:3"},
    {"escapes are read", &sample_mapping, "{\"eventID\":\"\\u0065\\n\\u00e9\"}",
     "aws:000000000000:e%0A\xc3\xa9"},
    {"a lone surrogate may be any", &sample_mapping, "{\"eventID\":\"\\ud800\"}", NULL},
    {"a NUL too", &sample_mapping, "{\"eventID\":\"a\\u0000\"}", NULL},
    {"GCP", &gcp,
     "{\"logName\":\"projects/p/logs/cloudaudit.googleapis.com%2Factivity\","
     "\"timestamp\":\"2026-11-23T06:00:00.123456789Z\",\"insertId\":\"-x1\"}",
     "gcp:projects/p/logs/"
     "cloudaudit.googleapis.com%2Factivity:2026-11-23T06:00:00.123456789Z:-x1"},
    {"nanoseconds are filled up", &gcp,
     "{\"logName\":\"l\",\"timestamp\":\"2026-11-23T06:00:00Z\",\"insertId\":\"i\"}",
     "gcp:l:2026-11-23T06:00:00.000000000Z:i"},
    {"and told in UTC", &gcp,
     "{\"logName\":\"l\",\"timestamp\":\"2026-11-23T01:00:00.5+02:00\","
     "\"insertId\":\"i\"}",
     "gcp:l:2026-11-22T23:00:00.500000000Z:i"},
    {"zeros behind the ninth are nothing", &gcp,
     "{\"logName\":\"l\",\"timestamp\":\"2026-11-23T06:00:00.12345678900Z\","
     "\"insertId\":\"i\"}",
     "gcp:l:2026-11-23T06:00:00.123456789Z:i"},
    {"finer than nanoseconds", &gcp,
     "{\"logName\":\"l\",\"timestamp\":\"2026-11-23T06:00:00.1234567891Z\","
     "\"insertId\":\"i\"}",
     NULL},
    {"a leap second is not the one before it", &gcp,
     "{\"logName\":\"l\",\"timestamp\":\"2016-12-31T23:59:60Z\",\"insertId\":\"i\"}",
     NULL},
    {"no time", &gcp, "{\"logName\":\"l\",\"timestamp\":\"?\",\"insertId\":\"i\"}", NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void assert_digest(struct buf *id, const char *prefix, struct bytes bytes)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(bytes, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    char *expected = mem_format("%s:%s", prefix, hex);
    assert_string_equal(buf_text(id), expected);
    free(expected);
}

static void test_identify(void **state)
{
    const struct row *row = *state;
    struct sample sample;
    sample_init(&sample, row->mapping, NULL);
    assert_true(sample_read(&sample, bytes_of(row->record)));
    if (row->id == NULL) {
        assert_digest(&sample.id, "sha256", bytes_of(row->record));
    } else {
        assert_string_equal(buf_text(&sample.id), row->id);
    }

    uint8_t digest[DIGEST_SIZE];
    digest_sha256(buf_bytes(&sample.id), digest);
    assert_memory_equal(sample.id16, digest, ID16_SIZE);
    sample_clear(&sample);
}

static void a_shape_without_parts_is_known_by_its_bytes(void **state)
{
    (void)state;
    struct mapping mapping = sample_mapping;
    mapping.shape.id_prefix = "azure-x";
    memset(mapping.shape.id_parts, 0, sizeof(mapping.shape.id_parts));
    struct sample sample;
    sample_init(&sample, &mapping, NULL);
    assert_true(sample_read(&sample, bytes_of("{\"eventID\":\"e\"}")));
    assert_digest(&sample.id, "azure-x", bytes_of("{\"eventID\":\"e\"}"));
    sample_clear(&sample);
}

static void an_id_too_long_for_elasticsearch_becomes_its_digest(void **state)
{
    (void)state;
    struct sample sample;
    sample_init(&sample, &sample_mapping, NULL);
    char *record = mem_format("{\"eventID\":\"%0600d\"}", 1);
    assert_true(sample_read(&sample, bytes_of(record)));
    char *whole = mem_format("aws:000000000000:%0600d", 1);
    assert_digest(&sample.id, "aws:sha256", bytes_of(whole));
    free(whole);
    free(record);
    sample_clear(&sample);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_identify, .initial_state = &rows[i]};
    }
    tests[ROWS] =
        (struct CMUnitTest)cmocka_unit_test(a_shape_without_parts_is_known_by_its_bytes);
    tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(
        an_id_too_long_for_elasticsearch_becomes_its_digest);
    return cmocka_run_group_tests_name("identify", tests, NULL, NULL);
}
