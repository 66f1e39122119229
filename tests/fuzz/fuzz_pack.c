/*
 * Any bytes as a mapping pack and as decisions: every mistake has its text, and a pack
 * without any matches and explains a record and tries its examples.
 */
#include "base/mem.h"
#include "mapping/example.h"
#include "mapping/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_LIMIT = 1 << 20 };

static const struct record_shape shape = {
    .name = "plain",
    .id_parts = {{RECORD_ID_PATH, "id"}},
    .time_path = "time",
    .service_path = "service",
    .operation_path = "op",
    .strip_versions = true,
};

static char folder[] = "/tmp/fuzz-pack-XXXXXX";
static char *file;
static char *decided; /* the same folder, as one of decisions */

static void remove_folder(void)
{
    unlink(file);
    unlink(decided);
    free(decided);
    rmdir(folder);
    free(file);
}

/* A folder for this process that holds one pack; made at the first call. */
static void write_pack(const uint8_t *data, size_t size)
{
    if (file == NULL) {
        if (mkdtemp(folder) == NULL) {
            abort();
        }
        file = mem_format("%s/fuzz.yaml", folder);
        decided = mem_format("%s/no-principle", folder);
        if (symlink(".", decided) != 0) {
            abort();
        }
        atexit(remove_folder);
    }
    FILE *stream = fopen(file, "wbe");
    if (stream == NULL || fwrite(data, 1, size, stream) != size || fclose(stream) != 0) {
        abort();
    }
}

static void try_record(const struct mapping *mapping, const struct decisions *decisions,
                       const char *text)
{
    struct buf bytes;
    struct buf told;
    struct values values = {0};
    struct match match = {0};
    size_t used = 0;
    buf_init(&bytes, TEXT_LIMIT);
    buf_init(&told, TEXT_LIMIT);
    buf_add_text(&bytes, text);
    struct record record = {.bytes = buf_bytes(&bytes)};
    values_init(&values, mapping_paths(mapping));
    if (scan_value(mapping_paths(mapping), record.bytes, &values, &used) != SCAN_DONE) {
        abort();
    }
    mapping_match(mapping, &record, &values, &match);
    explain_record(mapping, decisions, &record, &values, &told);
    if (match.rule_count > MATCH_RULES_MAX || told.size == 0) {
        abort();
    }
    match_clear(&match);
    values_clear(&values);
    buf_clear(&bytes);
    buf_clear(&told);
}

static void try_examples(const struct examples *examples, const struct mapping *mapping)
{
    size_t count = 0;
    const struct example *all = examples_all(examples, &count);
    for (size_t i = 0; i < count; i++) {
        struct buf told;
        buf_init(&told, TEXT_LIMIT);
        bool ok = example_try(&all[i], mapping, &told);
        if (ok != (told.size == 0)) {
            abort();
        }
        buf_clear(&told);
    }
}

/* A pack that can be loaded, with what else stands in its file. */
static void try_pack(const struct mapping *mapping, const struct decisions *decisions,
                     const struct examples *examples)
{
    try_record(mapping, decisions,
               "{\"service\":\"s\",\"op\":\"Do\",\"v\":[{\"k\":\"wanted\"},1]}");
    try_record(mapping, decisions,
               "{\"service\":\"iam\",\"op\":\"CreateGroup20150331v2\","
               "\"request\":{\"name\":\"\\u001b\",\"id\":null}}");
    try_record(mapping, decisions, "{}");
    if (examples != NULL) {
        try_examples(examples, mapping);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct record_shape *const shapes[] = {&shape, NULL};
    write_pack(data, size);
    const char *const directories[] = {folder, NULL};
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    bool ok = mapping_load(directories, shapes, &set, &problems);
    if (ok != (problems.count == 0) || ok != (set != NULL)) {
        abort();
    }
    struct decisions *decisions = NULL;
    struct examples *examples = NULL;
    struct problems others = {0};
    bool is_decided = decisions_load(directories, shapes, NULL, &decisions, &others);
    if (is_decided != (others.count == 0) || is_decided != (decisions != NULL)) {
        abort();
    }
    if (examples_load(directories, shapes, NULL, &examples, &others) !=
        (examples != NULL)) {
        abort();
    }
    if (ok) {
        try_pack(mapping_find(set, &shape), decisions, examples);
    }
    examples_free(examples);
    decisions_free(decisions);
    mapping_set_free(set);
    problems_clear(&problems);
    problems_clear(&others);
    return 0;
}
