/*
 * The shipped packs against records whose principles, outcome and fields were written
 * down beside them: one named test for each file of golden/FOLDER.
 *
 *   {"record": {...}, "principles": ["2b"], "outcome": "success",
 *    "fields": {"group.name": "case-admins", "moj.member.name": ["j.smith"]}}
 *
 * "tamper" and "privileged" are compared where a file says them.
 * A file called after a rule must match that rule, and every rule must have its file. A
 * file of another name says in "rules" which rules match, in order; [] for none.
 */
#include "base/mem.h"
#include "config/principle.h"
#include "config/yaml.h"
#include "mapping/mapping.h"
#include "registry.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHAPES_MAX = 32, TEXT_LIMIT = 1 << 20 };

static const char packs_folder[] = "../../mappings";
static const char golden_folder[] = "../golden";

/* Which folder holds records of which shape. */
static const struct set {
    const char *folder;
    const char *records;
} sets[] = {
    {"aws", "aws-cloudtrail"}, {"azure-activity", "azure-activity"},
    {"entra", "entra-audit"},  {"entra-signin", "entra-signin"},
    {"gcp", "gcp-audit"},
};
enum { SETS = sizeof(sets) / sizeof(sets[0]) };

struct golden {
    char *name; /* of the rule, or of the case */
    const struct set *set;
};

static struct mapping_set *loaded;
static json_t *rules; /* {record shape: {rule: true}} */

/* --- reading packs and records ------------------------------------------------------ */

static const struct record_shape *find_shape(const char *name)
{
    for (size_t i = 0; providers[i] != NULL; i++) {
        const struct record_shape *shape = providers[i]->shape;
        if (shape != NULL && strcmp(shape->name, name) == 0) {
            return shape;
        }
    }
    return NULL;
}

static void list_shapes(const struct record_shape *shapes[SHAPES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; providers[i] != NULL; i++) {
        const struct record_shape *shape = providers[i]->shape;
        bool is_known = shape == NULL;
        for (size_t j = 0; j < count; j++) {
            is_known = is_known || shapes[j] == shape;
        }
        if (!is_known && count + 1 < SHAPES_MAX) {
            shapes[count++] = shape;
        }
    }
    shapes[count] = NULL;
}

static void list_rules_of(const char *file)
{
    struct yaml yaml = {0};
    struct problems problems = {0};
    assert_true(yaml_read(file, &yaml, &problems));

    const char *records = json_string_value(json_object_get(yaml.root, "records"));
    assert_non_null(records);
    if (json_object_get(rules, records) == NULL) {
        json_object_set_new(rules, records, json_object());
    }
    size_t i = 0;
    json_t *rule = NULL;
    json_array_foreach(json_object_get(yaml.root, "rules"), i, rule)
    {
        const char *id = json_string_value(json_object_get(rule, "id"));
        json_object_set_new(json_object_get(rules, records), id, json_true());
    }
    yaml_clear(&yaml);
    problems_clear(&problems);
}

static void list_rules(void)
{
    rules = json_object();
    DIR *folder = opendir(packs_folder);
    assert_non_null(folder);
    struct dirent *entry = NULL;
    while ((entry = readdir(folder)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && strcmp(dot, ".yaml") == 0) {
            char *file = mem_format("%s/%s", packs_folder, entry->d_name);
            list_rules_of(file);
            free(file);
        }
    }
    closedir(folder);
}

static bool has_rule(const struct set *set, const char *id)
{
    return json_object_get(json_object_get(rules, set->records), id) != NULL;
}

/* --- comparing ------------------------------------------------------------------------
 */

static void add_value(json_t *list, const struct value *value)
{
    struct buf text;
    buf_init(&text, TEXT_LIMIT);
    struct bytes inside = {value->data, value->size};
    switch (value->type) {
    case VALUE_STRING:
        assert_true(scan_unescape(inside, &text));
        break;
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_NUMBER:
        assert_true(buf_add_bytes(&text, inside));
        break;
    default: /* an event copies no objects and no arrays */
        buf_clear(&text);
        return;
    }
    json_array_append_new(list, json_string(buf_text(&text)));
    buf_clear(&text);
}

/* Every value of a field, in order, as texts. */
static json_t *read_field(const struct match *match, size_t field)
{
    json_t *list = json_array();
    const struct value *value = match->fields[field];
    while (value != NULL) {
        add_value(list, value);
        value = values_next(match->field_values[field], value);
    }
    return list;
}

static void check_equal(const char *what, const json_t *found, const json_t *wanted)
{
    if (json_equal(found, wanted)) {
        return;
    }
    char *found_text = json_dumps(found, JSON_ENCODE_ANY);
    char *wanted_text = json_dumps(wanted, JSON_ENCODE_ANY);
    print_error("%s is %s, not %s\n", what, found_text, wanted_text);
    free(found_text);
    free(wanted_text);
    fail();
}

static void check_fields(const struct match *match, json_t *wanted)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(wanted, name, value)
    {
        size_t field = field_find(name);
        assert_true(field < FIELD_COUNT);
        json_t *found = read_field(match, field);
        bool is_one = !json_is_array(value);
        check_equal(name, is_one ? json_array_get(found, 0) : found, value);
        json_decref(found);
    }
}

static void check_principles(const struct match *match, const json_t *wanted)
{
    json_t *found = json_array();
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if ((match->principles & principle_bit(&principles[i])) != 0) {
            json_array_append_new(found, json_string(principles[i].ref));
        }
    }
    check_equal("principles", found, wanted);
    json_decref(found);
}

static void check_outcome(const struct match *match, const json_t *wanted)
{
    static const char *const names[] = {
        [OUTCOME_UNKNOWN] = "unknown",
        [OUTCOME_SUCCESS] = "success",
        [OUTCOME_FAILURE] = "failure",
    };
    json_t *found = json_string(names[match->outcome]);
    check_equal("outcome", found, wanted);
    json_decref(found);
}

/* What the event would say beside principles and fields, where the record's file does. */
static void check_marks(const struct mapping *mapping, const struct match *match,
                        const json_t *expected)
{
    bool is_tamper = false;
    for (size_t i = 0; i < match->rule_count; i++) {
        is_tamper = is_tamper || match->rules[i]->is_tamper;
    }
    const json_t *tamper = json_object_get(expected, "tamper");
    assert_true(tamper == NULL || is_tamper == json_is_true(tamper));

    const json_t *wanted = json_object_get(expected, "privileged");
    if (wanted != NULL) {
        json_t *found = json_string(privileged_names[mapping_privileged(mapping, match)]);
        check_equal("privileged", found, wanted);
        json_decref(found);
    }
}

static void check_rules(const struct golden *golden, const struct match *match,
                        const json_t *wanted)
{
    json_t *found = json_array();
    bool is_named = false;
    for (size_t i = 0; i < match->rule_count; i++) {
        const char *id = match->rules[i]->id;
        is_named = is_named || strcmp(id, golden->name) == 0;
        json_array_append_new(found, json_string(id));
    }
    if (wanted != NULL) {
        check_equal("rules", found, wanted);
    } else if (!is_named) {
        char *text = json_dumps(found, 0);
        print_error("rule %s does not match; these do: %s\n", golden->name, text);
        free(text);
        fail();
    }
    json_decref(found);
}

/* --- the tests
 * -------------------------------------------------------------------------- */

static void test_record(void **state)
{
    const struct golden *golden = *state;
    char *file =
        mem_format("%s/%s/%s.json", golden_folder, golden->set->folder, golden->name);
    json_error_t problem;
    json_t *expected = json_load_file(file, JSON_REJECT_DUPLICATES, &problem);
    assert_non_null(expected);
    assert_true(has_rule(golden->set, golden->name) ||
                json_object_get(expected, "rules") != NULL);

    char *text = json_dumps(json_object_get(expected, "record"), JSON_COMPACT);
    struct buf bytes;
    buf_init(&bytes, RECORD_SIZE_MAX);
    assert_true(buf_add_text(&bytes, text));
    const struct mapping *mapping =
        mapping_find(loaded, find_shape(golden->set->records));
    struct record record = {.bytes = buf_bytes(&bytes)};
    struct values values = {0};
    values_init(&values, mapping_paths(mapping));
    size_t used = 0;
    assert_int_equal(scan_value(mapping_paths(mapping), record.bytes, &values, &used),
                     SCAN_DONE);
    struct match match = {0};
    mapping_match(mapping, &record, &values, &match);

    check_rules(golden, &match, json_object_get(expected, "rules"));
    check_principles(&match, json_object_get(expected, "principles"));
    check_outcome(&match, json_object_get(expected, "outcome"));
    check_fields(&match, json_object_get(expected, "fields"));
    check_marks(mapping, &match, expected);

    match_clear(&match);
    values_clear(&values);
    buf_clear(&bytes);
    free(text);
    json_decref(expected);
    free(file);
}

static bool has_record(const struct set *set, const char *rule)
{
    char *file = mem_format("%s/%s/%s.json", golden_folder, set->folder, rule);
    bool is_there = access(file, R_OK) == 0;
    if (!is_there) {
        print_error("rule %s has no record: write tests/golden/%s/%s.json\n", rule,
                    set->folder, rule);
    }
    free(file);
    return is_there;
}

static void test_every_rule_has_a_record(void **state)
{
    (void)state;
    size_t missing = 0;
    for (size_t i = 0; i < SETS; i++) {
        const char *rule = NULL;
        json_t *value = NULL;
        json_object_foreach(json_object_get(rules, sets[i].records), rule, value)
        {
            missing += !has_record(&sets[i], rule);
        }
    }
    assert_int_equal(missing, 0);
}

static int is_record(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".json") == 0;
}

static void add_tests(const struct set *set, struct CMUnitTest **tests, size_t *count)
{
    char *path = mem_format("%s/%s", golden_folder, set->folder);
    struct dirent **entries = NULL;
    int found = scandir(path, &entries, is_record, alphasort);
    free(path);
    size_t size = *count + (size_t)(found < 0 ? 0 : found);
    *tests = mem_resize(*tests, size + 1, sizeof(**tests));
    for (int i = 0; i < found; i++) {
        struct golden *golden = mem_new(1, sizeof(*golden));
        golden->set = set;
        golden->name = mem_dup(entries[i]->d_name);
        *strrchr(golden->name, '.') = '\0';
        (*tests)[(*count)++] = (struct CMUnitTest){
            .name = golden->name, .test_func = test_record, .initial_state = golden};
        free(entries[i]);
    }
    free(entries);
}

static int set_up(void **state)
{
    (void)state;
    const struct record_shape *shapes[SHAPES_MAX];
    list_shapes(shapes);
    const char *const folders[] = {packs_folder, NULL};
    struct problems problems = {0};
    bool ok = mapping_load(folders, shapes, &loaded, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        print_error("%s\n", problems.texts[i]);
    }
    problems_clear(&problems);
    return ok ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    mapping_set_free(loaded);
    return 0;
}

int main(void)
{
    list_rules();
    struct CMUnitTest *tests = mem_new(1, sizeof(*tests));
    size_t count = 0;
    tests[count++] = (struct CMUnitTest){.name = "every rule has a record",
                                         .test_func = test_every_rule_has_a_record};
    for (size_t i = 0; i < SETS; i++) {
        add_tests(&sets[i], &tests, &count);
    }

    /* The macro of cmocka wants an array whose size it can see. */
    int failed = _cmocka_run_group_tests("packs", tests, count, set_up, tear_down);

    for (size_t i = 1; i < count; i++) {
        struct golden *golden = tests[i].initial_state;
        free(golden->name);
        free(golden);
    }
    free(tests);
    json_decref(rules);
    return failed;
}
