#include "mapping_world.h"

#include "base/mem.h"
#include "config/principle.h"
#include "mapping/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DIRECTORIES_MAX = 4, GOLDEN_MAX = 64 << 10 };

const struct record_shape shape_plain = {
    .name = "plain",
    .id_parts = {{RECORD_ID_PATH, "id"}, {RECORD_ID_PATH, "account"}},
    .time_path = "time",
    .service_path = "service",
    .operation_path = "op",
    .account_path = "account",
    .region_path = "region",
    .strip_versions = true,
};

static const struct record_changes deltas = {
    .lists = {"deltas"},
    .change = "change",
    .role = "role",
    .members = "member|members[*]",
    .condition = "condition",
};

const struct record_shape shape_folded = {
    .name = "folded",
    .id_parts = {{RECORD_ID_PATH, "id"}},
    .operation_path = "op",
    .fold_case = true,
    .changes = &deltas,
};

const struct record_shape *const all_shapes[] = {&shape_plain, &shape_folded, NULL};

bool load_packs(const char *names, struct mapping_set **set, struct problems *problems)
{
    char *directories[DIRECTORIES_MAX + 1] = {NULL};
    size_t count = 0;
    while (*names != '\0') {
        size_t size = strcspn(names, "+");
        assert_true(count < DIRECTORIES_MAX);
        directories[count++] = mem_format("packs/%.*s", (int)size, names);
        names += size + (names[size] == '+' ? 1 : 0);
    }
    bool ok = mapping_load((const char *const *)directories, all_shapes, set, problems);
    for (size_t i = 0; i < count; i++) {
        free(directories[i]);
    }
    return ok;
}

void scan_record(struct scanned *scanned, const struct mapping *mapping, const char *text)
{
    *scanned = (struct scanned){.mapping = mapping};
    buf_init(&scanned->bytes, RECORD_SIZE_MAX);
    assert_true(buf_add_text(&scanned->bytes, text));
    scanned->record.bytes = buf_bytes(&scanned->bytes);
    values_init(&scanned->values, mapping_paths(mapping));
    size_t used = 0;
    assert_int_equal(scan_value(mapping_paths(mapping), scanned->record.bytes,
                                &scanned->values, &used),
                     SCAN_DONE);
}

void scanned_clear(struct scanned *scanned)
{
    values_clear(&scanned->values);
    buf_clear(&scanned->bytes);
}

static void show_field(const struct match *match, size_t field, struct buf *out)
{
    struct buf scratch;
    buf_init(&scratch, RECORD_SIZE_MAX);
    buf_addf(out, " %s=", fields[field].name);
    const char *between = "";
    const struct value *value = match->fields[field];
    while (value != NULL) {
        struct bytes text = {0};
        if (condition_text(value, &scratch, &text)) {
            buf_add_text(out, between);
            buf_add_bytes(out, text);
            between = ",";
        }
        value = values_next(match->field_values[field], value);
    }
    buf_clear(&scratch);
}

void show_match(const struct match *match, struct buf *out)
{
    static const char *const outcomes[] = {
        [OUTCOME_UNKNOWN] = "unknown",
        [OUTCOME_SUCCESS] = "success",
        [OUTCOME_FAILURE] = "failure",
    };
    for (size_t i = 0; i < match->rule_count; i++) {
        buf_addf(out, "%s ", match->rules[i]->id);
    }
    buf_add_byte(out, '|');
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if ((match->principles & principle_bit(&principles[i])) != 0) {
            buf_addf(out, " %s", principles[i].ref);
        }
    }
    buf_addf(out, " | %s |", outcomes[match->outcome]);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (match->fields[i] != NULL) {
            show_field(match, i, out);
        }
    }
}

void check_golden(const char *path, const char *told)
{
    if (getenv("BRIDGE_REGENERATE") != NULL) {
        FILE *stream = fopen(path, "wbe");
        assert_non_null(stream);
        fputs(told, stream);
        fclose(stream);
    }
    struct buf wanted;
    buf_init(&wanted, GOLDEN_MAX + 1);
    FILE *stream = fopen(path, "rbe");
    assert_non_null(stream);
    uint8_t *room = buf_reserve(&wanted, GOLDEN_MAX);
    wanted.size = fread(room, 1, GOLDEN_MAX, stream);
    fclose(stream);
    assert_string_equal(told, buf_text(&wanted));
    buf_clear(&wanted);
}
