/*
 * Any record becomes one line of JSON, in both formats, redacted or not; and what is
 * in event.original gives the record back.
 */
#include "../unit/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What stands between the quotes behind "original":. */
static struct bytes original_of(struct bytes event)
{
    static const char key[] = "\"original\":\"";
    const uint8_t *at = event.data;
    while (memcmp(at, key, sizeof(key) - 1) != 0) {
        at++;
        check((size_t)(at - event.data) + sizeof(key) < event.size);
    }
    at += sizeof(key) - 1;
    const uint8_t *end = at;
    while (*end != '"') {
        end += *end == '\\' ? 2 : 1;
    }
    return (struct bytes){at, (size_t)(end - at)};
}

static void check_event(struct sample *sample)
{
    size_t used = 0;
    check(sample_write(sample, FORMAT_ECS));
    struct bytes event = buf_bytes(&sample->out);
    check(scan_value(NULL, event, NULL, &used) == SCAN_DONE && used == event.size);
    check(memchr(event.data, '\n', event.size) == NULL);
    if (sample->origin.redact == NULL) {
        struct buf original;
        buf_init(&original, sample->out.limit);
        check(scan_unescape(original_of(event), &original));
        check(bytes_equal(buf_bytes(&original), buf_bytes(&sample->bytes)));
        buf_clear(&original);
    }

    for (int format = FORMAT_OCSF_1_1; format <= FORMAT_OCSF_1_8; format++) {
        check(sample_write(sample, (enum event_format)format));
        event = buf_bytes(&sample->out);
        check(scan_value(NULL, event, NULL, &used) == SCAN_DONE && used == event.size);
        check(memchr(event.data, '\n', event.size) == NULL);
    }

    check(sample_write(sample, FORMAT_RAW));
    struct bytes raw = buf_bytes(&sample->out);
    check(scan_value(NULL, raw, NULL, &used) == SCAN_DONE);
    check(memchr(raw.data, '\n', raw.size) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sample plain;
    static struct sample redacted;
    if (plain.paths == NULL) {
        sample_init(&plain, &sample_mapping, NULL);
        sample_init(&redacted, &sample_mapping,
                    "[\"target\", \"body!.role\", \"members[*].name\", \"user\"]");
    }
    struct bytes record = {data, size};
    if (sample_read(&plain, record)) {
        check_event(&plain);
        check(sample_read(&redacted, record));
        check_event(&redacted);
    }
    return 0;
}
