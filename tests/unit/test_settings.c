/* config/settings.h: what each type takes, what becomes of it, and what is said. */
#include "config/settings.h"

#include "config/amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "green", NULL};

static const struct setting settings[] = {
    {.name = "text", .type = SETTING_TEXT, .pattern = "a-z0-9_."},
    {.name = "path", .type = SETTING_PATH},
    {.name = "secret", .type = SETTING_SECRET},
    {.name = "url", .type = SETTING_URL},
    {.name = "bool", .type = SETTING_BOOL},
    {.name = "integer", .type = SETTING_INTEGER, .min = -5, .max = 5},
    {.name = "count", .type = SETTING_INTEGER},
    {.name = "rate", .type = SETTING_DECIMAL, .max = 1000},
    {.name = "size", .type = SETTING_SIZE, .min = 1024},
    {.name = "duration", .type = SETTING_DURATION, .max = 86400000},
    {.name = "choice", .type = SETTING_CHOICE, .choices = colours},
    {.name = "list", .type = SETTING_LIST, .pattern = "a-z"},
    {.name = "map", .type = SETTING_MAP},
    {.type = SETTING_END},
};

#define RATE_PROBLEM                                                                     \
    "etc/t:1:7: thing: \"rate\" must be a number such as 20 or 0.45, above 0 and at "    \
    "most "                                                                              \
    "1000"

static struct row {
    const char *name;
    const char *text;
    const char *json;    /* of the typed object; NULL: it is empty */
    const char *problem; /* NULL: none */
} rows[] = {
    {"text", "text: a.b_9", "{\"text\":\"a.b_9\"}", NULL},
    {"quoted null is a text", "secret: 'null'", "{\"secret\":\"null\"}", NULL},
    {"plain null is nothing", "secret: null", NULL,
     "etc/t:1:9: thing: \"secret\" is empty; give it a value, or remove the key"},
    {"an empty text", "text: ''", NULL,
     "etc/t:1:7: thing: \"text\" is empty; give it a value, or remove the key"},
    {"a text outside its pattern", "text: a-b", NULL,
     "etc/t:1:7: thing: \"text\" may hold only the characters [a-z0-9_.]"},
    {"a relative path", "path: a/b", "{\"path\":\"etc/a/b\"}", NULL},
    {"a whole path", "path: /a/b", "{\"path\":\"/a/b\"}", NULL},
    {"a secret with a line break", "secret: \"x\\ny\"", NULL,
     "etc/t:1:9: thing: \"secret\" must not hold line breaks or other control "
     "characters"},
    {"true", "bool: true", "{\"bool\":true}", NULL},
    {"a quoted false", "bool: 'false'", "{\"bool\":false}", NULL},
    {"on", "bool: on", NULL, "etc/t:1:7: thing: \"bool\" must be true or false"},
    {"a negative number", "integer: -5", "{\"integer\":-5}", NULL},
    {"a number below its range", "integer: -6", NULL,
     "etc/t:1:10: thing: \"integer\" must be a whole number, from -5 to 5"},
    {"a number with a fraction", "integer: 1.0", NULL,
     "etc/t:1:10: thing: \"integer\" must be a whole number, from -5 to 5"},
    {"a number past 64 bits", "count: 9223372036854775808", NULL,
     "etc/t:1:8: thing: \"count\" must be a whole number, above 0"},
    {"the largest number", "count: 9223372036854775807",
     "{\"count\":9223372036854775807}", NULL},
    {"zero of something", "count: 0", NULL,
     "etc/t:1:8: thing: \"count\" must be a whole number, above 0"},
    {"a fraction", "rate: 0.25", "{\"rate\":0.25}", NULL},
    {"a whole number for a fraction", "rate: 1000", "{\"rate\":1000.0}", NULL},
    {"a fraction of nothing", "rate: 0.0", NULL, RATE_PROBLEM},
    {"a fraction past its range", "rate: 1000.1", NULL, RATE_PROBLEM},
    {"a fraction below nothing", "rate: -0.5", NULL, RATE_PROBLEM},
    {"a fraction without digits behind its point", "rate: 1.", NULL, RATE_PROBLEM},
    {"a fraction without digits before its point", "rate: .5", NULL, RATE_PROBLEM},
    {"a fraction with an exponent", "rate: 1e2", NULL, RATE_PROBLEM},
    {"a fraction with a unit", "rate: 5/s", NULL, RATE_PROBLEM},
    {"no number at all", "rate: nan", NULL, RATE_PROBLEM},
    {"a size", "size: 100MiB", "{\"size\":104857600}", NULL},
    {"a size below its range", "size: 1023B", NULL,
     "etc/t:1:7: thing: \"size\" must be a size such as 512KiB, 100MiB or 2GiB, at least "
     "1KiB"},
    {"a size past 64 bits", "size: 8589934592GiB", NULL,
     "etc/t:1:7: thing: \"size\" must be a size such as 512KiB, 100MiB or 2GiB, at least "
     "1KiB"},
    {"a duration", "duration: 15m", "{\"duration\":900000}", NULL},
    {"a duration past its range", "duration: 25h", NULL,
     "etc/t:1:11: thing: \"duration\" must be a duration such as 90s, 15m, 24h or 7d, "
     "from 0s to 1d"},
    {"a duration without a unit", "duration: 90", NULL,
     "etc/t:1:11: thing: \"duration\" must be a duration such as 90s, 15m, 24h or 7d, "
     "from 0s to 1d"},
    {"a choice", "choice: green", "{\"choice\":\"green\"}", NULL},
    {"nearly a choice", "choice: gren", NULL,
     "etc/t:1:9: thing: \"choice\" must be one of: red, green; did you mean \"green\"?"},
    {"a list", "list: [a, b]", "{\"list\":[\"a\",\"b\"]}", NULL},
    {"an element outside the pattern", "list: [a, B]", "{\"list\":[\"a\"]}",
     "etc/t:1:11: thing: \"list\" may hold only the characters [a-z]"},
    {"a map", "map: {a: b, c: '1'}", "{\"map\":{\"a\":\"b\",\"c\":\"1\"}}", NULL},
    {"a map of lists", "map: {a: [b]}", "{\"map\":{}}",
     "etc/t:1:10: thing: \"map\" must be a single value, not a list"},
    {"a mapping for a text", "text: {a: b}", NULL,
     "etc/t:1:7: thing: \"text\" must be a single value, not a mapping"},
    {"https", "url: https://Example.com:8443/a?b=c",
     "{\"url\":\"https://Example.com:8443/a?b=c\"}", NULL},
    {"http to 127.1.2.3", "url: http://127.1.2.3:80", "{\"url\":\"http://127.1.2.3:80\"}",
     NULL},
    {"http to ::1", "url: 'http://[::1]:80/'", "{\"url\":\"http://[::1]:80/\"}", NULL},
    {"http to localhost", "url: http://localhost", "{\"url\":\"http://localhost\"}",
     NULL},
    {"http to another host", "url: http://example.com/", NULL,
     "etc/t:1:6: thing: \"url\" must begin with https://; plain http is allowed only to "
     "this machine"},
    {"http to a name like localhost", "url: http://localhost.example.com/", NULL,
     "etc/t:1:6: thing: \"url\" must begin with https://; plain http is allowed only to "
     "this machine"},
    {"http to ::2", "url: 'http://[::2]/'", NULL,
     "etc/t:1:6: thing: \"url\" must begin with https://; plain http is allowed only to "
     "this machine"},
    {"port 65536", "url: https://example.com:65536/", NULL,
     "etc/t:1:6: thing: \"url\" must name a host, and a port from 1 to 65535 if one is "
     "given"},
    {"no host", "url: https:///path", NULL,
     "etc/t:1:6: thing: \"url\" must name a host, and a port from 1 to 65535 if one is "
     "given"},
    {"a user in the URL", "url: https://user@example.com/", NULL,
     "etc/t:1:6: thing: \"url\" must not hold a user or password; use the settings for "
     "credentials"},
    {"an @ in the path is no user", "url: https://example.com/@x",
     "{\"url\":\"https://example.com/@x\"}", NULL},
    {"a space in the URL", "url: https://example.com/a b", NULL,
     "etc/t:1:6: thing: \"url\" must be a URL without spaces, control characters, \"\\\" "
     "and \"#\""},
    {"another scheme", "url: ftp://example.com", NULL,
     "etc/t:1:6: thing: \"url\" must be a URL such as "
     "https://logs.example.com:9200/path"},
    {"an unknown key", "txet: a", NULL,
     "etc/t:1:1: thing: unknown key \"txet\"; did you mean \"text\"?"},
    {"a key the caller reads", "mine: [a]", NULL, NULL},
    {"a misspelt key of the caller", "mien: [a]", NULL,
     "etc/t:1:1: thing: unknown key \"mien\"; did you mean \"mine\"?"},
    {"no mapping", "[a]", NULL, "etc/t:1:1: thing: must be a mapping of settings"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_read(void **state)
{
    static const char *const known[] = {"mine", NULL};
    const struct row *row = *state;
    struct yaml yaml;
    struct problems problems = {0};
    assert_true(yaml_parse(row->text, strlen(row->text), "etc/t", &yaml, &problems));

    const struct settings_reader reader = {&yaml, "thing", &problems};
    json_t *typed = settings_read(&reader, yaml.root, settings, known);
    char *json = json_dumps(typed, JSON_COMPACT);
    assert_string_equal(json, row->json == NULL ? "{}" : row->json);
    assert_int_equal(problems.count, row->problem == NULL ? 0 : 1);
    if (row->problem != NULL) {
        assert_string_equal(problems.texts[0], row->problem);
    }
    free(json);
    json_decref(typed);
    yaml_clear(&yaml);
    problems_clear(&problems);
}

static void fallbacks_are_read_as_if_written(void **state)
{
    (void)state;
    static const struct setting table[] = {
        {.name = "every", .type = SETTING_DURATION, .fallback = "60s"},
        {.name = "list", .type = SETTING_LIST, .fallback = "[a, b]"},
        {.name = "path", .type = SETTING_PATH, .fallback = "state.db"},
        {.name = "on", .type = SETTING_BOOL, .fallback = "true"},
        {.name = "absent", .type = SETTING_TEXT},
        {.type = SETTING_END},
    };
    struct yaml yaml;
    struct problems problems = {0};
    assert_true(yaml_parse("", 0, "etc/t", &yaml, &problems));

    const struct settings_reader reader = {&yaml, "thing", &problems};
    json_t *typed = settings_read(&reader, yaml.root, table, NULL);
    char *json = json_dumps(typed, JSON_COMPACT);
    assert_string_equal(json, "{\"every\":60000,\"list\":[\"a\",\"b\"],"
                              "\"path\":\"etc/state.db\",\"on\":true}");
    assert_int_equal(problems.count, 0);
    free(json);
    json_decref(typed);
    yaml_clear(&yaml);
}

static void amounts_read_back(void **state)
{
    (void)state;
    static const char *const durations[] = {"0s", "90s", "15m", "25h", "7d"};
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        int64_t ms = -1;
        assert_true(amount_parse(AMOUNT_DURATION, durations[i], &ms));
        char *again = amount_format(AMOUNT_DURATION, ms);
        assert_string_equal(again, durations[i]);
        free(again);
    }
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_read, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(fallbacks_are_read_as_if_written);
    tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(amounts_read_back);
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
