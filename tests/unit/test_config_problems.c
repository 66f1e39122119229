/*
 * Each fixtures/config/NAME.yaml is wrong in some way; NAME.txt holds, to the letter,
 * what an operator is told. With BRIDGE_REGENERATE set, the texts are written instead.
 */
#include "config_fakes.h"

#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <glob.h>

enum { TOLD_MAX = 64 << 10 };

/* config/NAME.yaml becomes config/NAME.txt. */
static char *path_of_text(const char *yaml)
{
    return mem_format("%.*stxt", (int)(strlen(yaml) - strlen("yaml")), yaml);
}

static void read_text(const char *path, struct buf *text)
{
    FILE *stream = fopen(path, "rbe");
    assert_non_null(stream);
    uint8_t *room = buf_reserve(text, TOLD_MAX);
    text->size = fread(room, 1, TOLD_MAX, stream);
    fclose(stream);
}

static void write_text(const char *path, const char *text)
{
    FILE *stream = fopen(path, "wbe");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void test_told(void **state)
{
    const char *yaml = *state;
    struct config config;
    struct problems problems = {0};
    struct buf told;
    struct buf wanted;
    buf_init(&told, TOLD_MAX);
    buf_init(&wanted, TOLD_MAX);
    char *path = path_of_text(yaml);

    assert_false(config_load(yaml, fake_providers, &config, &problems));
    assert_null(config.file);
    for (size_t i = 0; i < problems.count; i++) {
        assert_true(buf_addf(&told, "%s\n", problems.texts[i]));
    }
    assert_null(strstr(buf_text(&told), "hunter2"));
    if (getenv("BRIDGE_REGENERATE") != NULL) {
        write_text(path, buf_text(&told));
    }
    read_text(path, &wanted);
    assert_string_equal(buf_text(&told), buf_text(&wanted));

    config_clear(&config);
    problems_clear(&problems);
    buf_clear(&told);
    buf_clear(&wanted);
    free(path);
}

int main(void)
{
    setenv("BRIDGE_TEST_SECRET", "hunter2", 1);
    unsetenv("BRIDGE_TEST_UNSET");
    glob_t files;
    if (glob("config/*.yaml", 0, NULL, &files) != 0 || files.gl_pathc < 25) {
        fputs("fixtures/config does not hold the wrong configurations\n", stderr);
        return 1;
    }
    struct CMUnitTest *tests = mem_new(files.gl_pathc, sizeof(*tests));
    for (size_t i = 0; i < files.gl_pathc; i++) {
        tests[i] = (struct CMUnitTest){.name = files.gl_pathv[i],
                                       .test_func = test_told,
                                       .initial_state = files.gl_pathv[i]};
    }
    int failed =
        _cmocka_run_group_tests("config problems", tests, files.gl_pathc, NULL, NULL);
    free(tests);
    globfree(&files);
    return failed;
}
