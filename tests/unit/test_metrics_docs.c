/*
 * docs/metrics.md has a row for each series of the table, as the table says. With
 * BRIDGE_REGENERATE set, the rows are written instead.
 */
#include "base/mem.h"
#include "metrics/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE_FILE "../../docs/metrics.md"
#define BEGIN "<!-- the table of src/metrics/table.c -->\n"
#define END "<!-- end -->\n"

enum { PAGE_MAX = 256 << 10 };

static void read_page(struct buf *page)
{
    FILE *file = fopen(PAGE_FILE, "rbe");
    assert_non_null(file);
    page->size = fread(buf_reserve(page, PAGE_MAX), 1, PAGE_MAX, file);
    fclose(file);
}

static void add_row(const struct metric_row *row, struct buf *out)
{
    buf_addf(out, "| `%s` | %s |", row->name, metric_type_name(row->type));
    for (size_t i = 0; i < METRICS_LABELS && row->labels[i] != NULL; i++) {
        buf_addf(out, "%s `%s`", i == 0 ? "" : ",", row->labels[i]);
    }
    buf_addf(out, " | %s%s |\n", row->help, row->is_live ? " Only while it lives." : "");
}

static void the_page_says_what_the_table_says(void **state)
{
    (void)state;
    struct buf page;
    struct buf rows;
    buf_init(&page, 2 * PAGE_MAX);
    buf_init(&rows, PAGE_MAX);
    buf_add_text(&rows, "| series | type | labels | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        add_row(&metric_table[i], &rows);
    }
    read_page(&page);
    const char *text = buf_text(&page);
    const char *begin = strstr(text, BEGIN);
    assert_non_null(begin);
    begin += strlen(BEGIN);
    const char *end = strstr(begin, END);
    assert_non_null(end);
    if (getenv("BRIDGE_REGENERATE") != NULL) {
        FILE *file = fopen(PAGE_FILE, "wbe");
        assert_non_null(file);
        fprintf(file, "%.*s%s%s", (int)(begin - text), text, buf_text(&rows), end);
        fclose(file);
    } else {
        char *written = mem_dup_bytes(begin, (size_t)(end - begin));
        assert_string_equal(written, buf_text(&rows));
        free(written);
    }
    buf_clear(&page);
    buf_clear(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_says_what_the_table_says),
    };
    return cmocka_run_group_tests_name("metrics_docs", tests, NULL, NULL);
}
