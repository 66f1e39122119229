/*
 * record/scan.h against files that must be accepted (y_), refused (n_) or only
 * survived (i_): the project's own in fixtures/json, and the published ones of
 * ../shared/vectors/json where they are.
 */
#include "base/mem.h"
#include "record/scan.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FILE_SIZE_MAX = 1 << 20, DIRECTORIES = 2 };

static const char *const directories[DIRECTORIES] = {"json",
                                                     "../../../shared/vectors/json"};

/* The file's bytes with the scanner's padding behind them, filled with bait. */
static struct bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *data = mem_alloc(FILE_SIZE_MAX + BUF_PADDING);
    size_t size = fread(data, 1, FILE_SIZE_MAX, file);
    fclose(file);
    data = mem_resize(data, size + BUF_PADDING, 1);
    memcpy(data + size, "\"]}1,:[{\"]}1,:[{", BUF_PADDING);
    return (struct bytes){data, size};
}

static bool is_json(const struct paths *paths, struct bytes text, struct values *values)
{
    size_t used = 0;
    if (scan_value(paths, text, values, &used) != SCAN_DONE) {
        return false;
    }
    return strspn((const char *)text.data + used, " \t\r\n") >= text.size - used;
}

static void case_is_judged_as_its_name_says(void **state)
{
    const char *path = *state;
    const char *name = strrchr(path, '/') + 1;
    struct bytes text = read_file(path);
    struct paths *paths = paths_new();
    size_t slot = 0;
    assert_true(paths_add(paths, "a[*][x=1].b!.c", &slot, NULL));
    assert_true(paths_add(paths, "a.b", &slot, NULL));
    assert_true(paths_add(paths, "\"\"", &slot, NULL));
    paths_seal(paths);
    struct values values;
    values_init(&values, paths);

    bool checked = is_json(NULL, text, NULL);
    bool picked = is_json(paths, text, &values);

    assert_int_equal(checked, picked);
    if (name[0] != 'i') {
        assert_int_equal(checked, name[0] == 'y');
    }
    values_clear(&values);
    paths_free(paths);
    free((void *)text.data);
}

static size_t add_cases(const char *directory, struct CMUnitTest **tests, size_t count)
{
    DIR *listing = opendir(directory);
    if (listing == NULL) {
        print_message("SKIP: %s is absent\n", directory);
        return count;
    }
    for (struct dirent *entry = readdir(listing); entry != NULL;
         entry = readdir(listing)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        *tests = mem_resize(*tests, count + 1, sizeof(**tests));
        char *path = mem_format("%s/%s", directory, entry->d_name);
        (*tests)[count++] = (struct CMUnitTest){
            .name = path,
            .test_func = case_is_judged_as_its_name_says,
            .initial_state = path,
        };
    }
    closedir(listing);
    return count;
}

int main(void)
{
    struct CMUnitTest *tests = NULL;
    size_t count = 0;
    for (size_t i = 0; i < DIRECTORIES; i++) {
        count = add_cases(directories[i], &tests, count);
    }
    int failed = _cmocka_run_group_tests("scan_value", tests, count, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        free(tests[i].initial_state);
    }
    free(tests);
    return failed;
}
