/*
 * Any bytes as mapping packs: loaded without a fault, or refused with at least one
 * problem; what was loaded then decides on records and explains itself. The first NUL
 * byte parts two packs.
 */
#include "base/mem.h"
#include "mapping/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_MAX = 1 << 20 };

static const struct record_shape plain = {
    .name = "plain",
    .id_parts = {{RECORD_ID_PATH, "id"}},
    .time_path = "time",
    .service_path = "service",
    .operation_path = "operation",
    .strip_versions = true,
};
static const struct record_shape folded = {
    .name = "folded",
    .operation_path = "operation",
    .fold_case = true,
};
static const struct record_shape *const shapes[] = {&plain, &folded, NULL};

static const char *const records[] = {
    "{\"id\":\"1\",\"service\":\"a\",\"operation\":\"Add20150331v2\",\"x\":[1,\"b\",null]"
    ","
    "\"y\":{\"z\":true},\"s\":\"{\\\"t\\\":\\\"u\\\"}\",\"list\":[{\"k\":\"v\",\"w\":2}]"
    "}",
    "{\"service\":\"a\",\"operation\":\"\\u0041dd\",\"x\":\"\\\"\",\"list\":[]}",
    "{\"operation\":\"REMOVE\"}",
    "{}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *work_directory(void)
{
    static char directory[] = "/tmp/fuzz-pack-XXXXXX";
    static const char *made = NULL;
    if (made == NULL) {
        made = mkdtemp(directory);
        if (made == NULL) {
            abort();
        }
    }
    return made;
}

static void write_pack(const char *name, const uint8_t *data, size_t size)
{
    char *path = mem_format("%s/%s", work_directory(), name);
    FILE *file = fopen(path, "wbe");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
    free(path);
}

static void decide(const struct mapping *mapping, struct match *match, const char *text)
{
    struct buf bytes;
    struct buf out;
    buf_init(&bytes, OUT_MAX);
    buf_init(&out, OUT_MAX);
    buf_add_text(&bytes, text);
    const struct record record = {.bytes = buf_bytes(&bytes)};
    struct values values;
    size_t used = 0;
    values_init(&values, mapping_paths(mapping));
    if (scan_value(mapping_paths(mapping), record.bytes, &values, &used) != SCAN_DONE) {
        abort();
    }
    mapping_match(mapping, &record, &values, match);
    uint32_t principles = 0;
    for (size_t i = 0; i < match->rule_count; i++) {
        principles |= match->rules[i]->principles;
    }
    if (principles != match->principles) {
        abort();
    }
    explain_record(mapping, &record, &values, &out);
    values_clear(&values);
    buf_clear(&bytes);
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
    size_t first = nul == NULL ? size : (size_t)(nul - data);
    size_t second = nul == NULL ? 0 : size - first - 1;
    write_pack("1.yaml", data, first);
    write_pack("2.yaml",
               nul == NULL ? (const uint8_t *)"pack: b\nrecords: plain\n"
                                              "version: 1\n"
                           : nul + 1,
               nul == NULL ? strlen("pack: b\nrecords: plain\nversion: 1\n") : second);

    const char *const directories[] = {work_directory(), NULL};
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    bool ok = mapping_load(directories, shapes, &set, &problems);
    if (ok != (problems.count == 0) || ok != (set != NULL)) {
        abort();
    }
    struct match match = {0};
    for (size_t i = 0; ok && shapes[i] != NULL; i++) {
        for (size_t j = 0; j < sizeof(records) / sizeof(records[0]); j++) {
            decide(mapping_find(set, shapes[i]), &match, records[j]);
        }
    }
    match_clear(&match);
    mapping_set_free(set);
    problems_clear(&problems);
    return 0;
}
