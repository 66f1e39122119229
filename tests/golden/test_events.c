/*
 * Whole records into whole events, with the shipped packs: each folder of
 * golden/events holds record.json, event.json, and perhaps context.json, redact.json and
 * self.json (who we are to the cloud). EVENTS_UPDATE=1 writes event.json anew; review the
 * difference.
 */
#include "aws/cloudtrail.h"
#include "azure/shapes.h"
#include "base/mem.h"
#include "event/event.h"
#include "gcp/shape.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FILE_MAX = 1 << 20, CASES_MAX = 96 };

static const char folder[] = "../golden/events";

static struct mapping_set *set;

/* What a case's record is, by how the case's name begins; AWS's else. */
static const struct kind {
    const char *prefix;
    const struct record_shape *shape;
} kinds[] = {
    {"azure_", &record_shape_azure_activity}, {"entra_", &record_shape_entra_audit},
    {"signin_", &record_shape_entra_signin},  {"gcp_", &record_shape_gcp_audit},
    {"", &record_shape_cloudtrail},
};

static const struct record_shape *shape_of(const char *name)
{
    const struct kind *kind = kinds;
    while (strncmp(kind->prefix, name, strlen(kind->prefix)) != 0) {
        kind++; /* the last one fits all */
    }
    return kind->shape;
}

/* Reads a file of the case; empty when there is none. */
static void read_file(const char *name, const char *file, struct buf *out)
{
    buf_init(out, FILE_MAX);
    char *path = mem_format("%s/%s/%s", folder, name, file);
    FILE *stream = fopen(path, "rb");
    free(path);
    if (stream != NULL) {
        uint8_t *room = buf_reserve(out, FILE_MAX);
        out->size = fread(room, 1, FILE_MAX, stream);
        fclose(stream);
    }
    while (out->size > 0 && out->data[out->size - 1] == '\n') {
        out->size--;
    }
}

static void write_file(const char *name, struct bytes event)
{
    char *path = mem_format("%s/%s/event.json", folder, name);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    fwrite(event.data, 1, event.size, stream);
    fputc('\n', stream);
    fclose(stream);
    free(path);
}

/* The host that ran the test and the packs' hash are no part of what is expected. */
static json_t *settle(struct bytes text)
{
    json_t *event =
        json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(event);
    json_object_set_new(json_object_get(event, "observer"), "name", json_string("host"));
    json_t *moj = json_object_get(event, "moj");
    json_object_set_new(json_object_get(moj, "mapping"), "hash", json_string("hash"));
    json_object_set_new(json_object_get(moj, "mapping"), "versions",
                        json_string("packs"));
    return event;
}

static void map_record(const struct record_shape *shape, const struct record *record,
                       const json_t *redact, const json_t *self, struct buf *out)
{
    const struct mapping *mapping = mapping_find(set, shape);
    struct event_origin origin = {
        .mapping = mapping, .source = "golden", .provider = shape->name, .self = self};
    json_t *tenant = json_pack("{s:s}", "business_unit", "HQ");
    assert_true(event_origin_init(&origin, tenant, redact, NULL));
    json_decref(tenant);

    struct values values;
    struct match match = {0};
    struct buf id;
    uint8_t id16[ID16_SIZE];
    size_t used = 0;
    buf_init(&id, EVENT_ID_ROOM);
    values_init(&values, mapping_paths(mapping));
    assert_int_equal(scan_value(mapping_paths(mapping), record->bytes, &values, &used),
                     SCAN_DONE);
    mapping_match(mapping, record, &values, &match);
    event_identify(&origin, record, &match, &id, id16);
    const struct event event = {.record = record, .match = &match, .id = &id};
    assert_true(event_write(FORMAT_ECS, &origin, &event, out));

    match_clear(&match);
    values_clear(&values);
    buf_clear(&id);
    event_origin_clear(&origin);
}

static void test_case(void **state)
{
    const char *name = *state;
    struct buf record_text;
    struct buf context;
    struct buf redact_text;
    struct buf self_text;
    struct buf expected;
    struct buf out;
    read_file(name, "record.json", &record_text);
    read_file(name, "context.json", &context);
    read_file(name, "redact.json", &redact_text);
    read_file(name, "self.json", &self_text);
    read_file(name, "event.json", &expected);
    buf_init(&out, FILE_MAX);
    json_t *redact = json_loads(buf_text(&redact_text), 0, NULL);
    const struct record record = {buf_bytes(&record_text), buf_bytes(&context)};
    json_t *self = json_loads(buf_text(&self_text), 0, NULL);
    map_record(shape_of(name), &record, redact, self, &out);

    json_t *event = settle(buf_bytes(&out));
    char *text = json_dumps(event, JSON_INDENT(2));
    if (getenv("EVENTS_UPDATE") != NULL) {
        write_file(name, bytes_of(text));
    } else {
        assert_string_equal(text, buf_text(&expected));
    }

    free(text);
    json_decref(event);
    json_decref(redact);
    json_decref(self);
    buf_clear(&out);
    buf_clear(&expected);
    buf_clear(&self_text);
    buf_clear(&redact_text);
    buf_clear(&context);
    buf_clear(&record_text);
}

static int load_packs(void **state)
{
    (void)state;
    static const char *const directories[] = {"../../mappings", NULL};
    static const struct record_shape *const shapes[] = {
        &record_shape_cloudtrail,  &record_shape_azure_activity,
        &record_shape_entra_audit, &record_shape_entra_signin,
        &record_shape_gcp_audit,   NULL};
    struct problems problems = {0};
    if (!mapping_load(directories, shapes, &set, &problems)) {
        for (size_t i = 0; i < problems.count; i++) {
            print_error("%s\n", problems.texts[i]);
        }
    }
    bool has_loaded = problems.count == 0;
    problems_clear(&problems);
    return has_loaded ? 0 : -1;
}

static int free_packs(void **state)
{
    (void)state;
    mapping_set_free(set);
    return 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static size_t list_cases(char *names[CASES_MAX])
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    while (directory != NULL && count < CASES_MAX) {
        const struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            break;
        }
        if (entry->d_name[0] != '.') {
            names[count++] = mem_dup(entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    qsort(names, count, sizeof(*names), compare_names);
    return count;
}

int main(void)
{
    char *names[CASES_MAX];
    struct CMUnitTest tests[CASES_MAX] = {0};
    size_t count = list_cases(names);
    for (size_t i = 0; i < count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = names[i], .test_func = test_case, .initial_state = names[i]};
    }
    int failed = count == 0 ? 1
                            : _cmocka_run_group_tests("golden events", tests, count,
                                                      load_packs, free_packs);
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    return failed;
}
