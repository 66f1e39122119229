/* config/config_same.h: whatever an operator may change is seen, and nothing else. */
#include "config/config_same.h"

#include "base/mem.h"
#include "config_fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* One of each; a row says which line is written how in its place. */
static const char *const lines[] = {
    "sinks:",
    "  soc: {type: solid, path: a.ndjson}",
    "  own: {type: solid, path: b.ndjson}",
    "sources:",
    "  prod:",
    "    provider: trail",
    "    region: eu-west-2",
    "    sinks: [soc]",
    "    every: 60s",
    "    lookback: 24h",
    "    tenant: {application: payroll}",
    "    redact: [a.b]",
};
enum { LINES = sizeof(lines) / sizeof(lines[0]) };

static struct row {
    const char *name;
    const char *text; /* instead of lines[line] */
    int line;
    bool is_log;    /* the source is the same log */
    bool is_source; /* and it says the same */
    bool is_sink;   /* the sink soc says the same */
} rows[] = {
    {"nothing", "sinks:", 0, true, true, true},
    {"a comment above moves everything", "# new\nsinks:", 0, true, true, true},
    {"another sink", "  own: {type: solid, path: c.ndjson}", 2, true, true, true},
    {"the sink's path", "  soc: {type: solid, path: c.ndjson}", 1, true, true, false},
    {"its format", "  soc: {type: solid, path: a.ndjson, format: raw}", 1, true, true,
     false},
    {"its age", "  soc: {type: solid, path: a.ndjson, max_event_age: 1d}", 1, true, true,
     false},
    {"region", "    region: eu-west-1", 6, false, false, true},
    {"route", "    sinks: [own]", 7, true, false, true},
    {"a second route", "    sinks: [soc, {name: own, required: false}]", 7, true, false,
     true},
    {"principles", "    sinks: [{name: soc, principles: [2c]}]", 7, true, false, true},
    {"every", "    every: 61s", 8, true, false, true},
    {"lookback", "    lookback: 25h", 9, true, false, true},
    {"tenant", "    tenant: {application: pensions}", 10, true, false, true},
    {"no tenant", "", 10, true, false, true},
    {"redact", "    redact: [a.c]", 11, true, false, true},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void load(struct config *config, const struct row *row)
{
    char path[] = "/tmp/config-same-XXXXXX";
    struct problems problems = {0};
    FILE *file = fdopen(mkstemp(path), "w");
    for (int i = 0; i < LINES; i++) {
        fprintf(file, "%s\n", row != NULL && row->line == i ? row->text : lines[i]);
    }
    fclose(file);
    bool ok = config_load(path, fake_providers, config, &problems);
    unlink(path);
    for (size_t i = 0; i < problems.count; i++) {
        print_error("%s\n", problems.texts[i]);
    }
    assert_true(ok);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct config before;
    struct config after;
    load(&before, NULL);
    load(&after, row);
    const struct config_side left = {&before, config_find_source(&before, "prod")};
    const struct config_side right = {&after, config_find_source(&after, "prod")};
    assert_int_equal(config_same_is_log(left.source, right.source), row->is_log);
    assert_int_equal(config_same_is_source(&left, &right), row->is_source);
    assert_int_equal(config_same_is_sink(config_find_sink(&before, "soc"),
                                         config_find_sink(&after, "soc")),
                     row->is_sink);
    assert_null(config_find_source(&after, "soc"));
    assert_null(config_find_sink(&after, "prod"));
    config_clear(&before);
    config_clear(&after);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("config_same", tests, NULL, NULL);
}
