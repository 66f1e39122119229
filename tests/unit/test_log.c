/* base/log.h: what a line looks like, and what never stands in one. */
#include "base/log.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINE_SIZE = 64 << 10, LONG_SIZE = 2 * LOG_VALUE_MAX };

/* What is written to stderr while fields are logged. The caller frees. */
static char *logged(enum log_level level, json_t *fields)
{
    char *text = mem_new(1, LINE_SIZE);
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_write_take(level, LOG_SOURCE_FAILED, "prod-eu", fields);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(file);
    assert_true(fread(text, 1, LINE_SIZE - 1, file) < LINE_SIZE - 1);
    fclose(file);
    return text;
}

static int reset(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    log_set_format(LOG_AUTO);
    return 0;
}

static void a_line_is_one_json_object(void **state)
{
    (void)state;
    char *text = logged(LOG_WARN, json_pack("{s:i}", "read", 3));
    json_t *line = json_loads(text, 0, NULL);
    assert_non_null(line);
    assert_int_equal(strchr(text, '\n') - text, (long)strlen(text) - 1);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(line, "event")),
                        "source.failed");
    assert_string_equal(json_string_value(json_object_get(line, "source")), "prod-eu");
    assert_int_equal(json_integer_value(json_object_get(line, "read")), 3);
    assert_non_null(json_object_get(line, "time"));
    json_decref(line);
    free(text);
}

static void a_line_for_people_holds_the_same(void **state)
{
    (void)state;
    log_set_format(LOG_HUMAN);
    char *text = logged(LOG_WARN, json_pack("{s:i,s:s}", "read", 3, "error", "no way"));
    assert_non_null(
        strstr(text, "Z warn  source.failed  source=prod-eu  read=3  error=no way\n"));
    assert_null(strchr(text, '\033')); /* it is no terminal */
    free(text);
}

static void control_characters_are_replaced_at_any_depth(void **state)
{
    (void)state;
    static const enum log_format formats[] = {LOG_JSON, LOG_HUMAN};
    for (size_t i = 0; i < 2; i++) {
        log_set_format(formats[i]);
        char *text = logged(LOG_ERROR, json_pack("{s:s,s:[s],s:{s:[s]}}", "error",
                                                 "a\033[31m", "problems", "b\nc\x7f",
                                                 "more", "deep", "d\xc2\x9b"));
        assert_null(strchr(text, '\033'));
        assert_null(strstr(text, "u001"));
        assert_null(strchr(text, '\x7f'));
        assert_null(strstr(text, "\xc2\x9b"));
        assert_null(strstr(text, "\\n"));
        assert_int_equal(strchr(text, '\n') - text, (long)strlen(text) - 1);
        free(text);
    }
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    char *longer = mem_new(1, LONG_SIZE + 1);
    memset(longer, 'x', LONG_SIZE);
    char *text = logged(LOG_ERROR, json_pack("{s:[s]}", "problems", longer));
    assert_in_range(strlen(text), LOG_VALUE_MAX, LOG_VALUE_MAX + 200);
    free(text);
    free(longer);
}

static void lines_above_the_level_are_left_out(void **state)
{
    (void)state;
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        log_set_level((enum log_level)level);
        for (int line = LOG_ERROR; line <= LOG_DEBUG; line++) {
            char *text = logged((enum log_level)line, NULL);
            assert_int_equal(text[0] != '\0', line <= level);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_is_one_json_object, reset),
        cmocka_unit_test_setup(a_line_for_people_holds_the_same, reset),
        cmocka_unit_test_setup(control_characters_are_replaced_at_any_depth, reset),
        cmocka_unit_test_setup(a_long_text_is_cut, reset),
        cmocka_unit_test_setup(lines_above_the_level_are_left_out, reset),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
