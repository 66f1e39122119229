/*
 * Where a nextLink may lead, and how it is sent.
 */
#include "azure/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *base;
    const char *link;
    const char *followed; /* NULL: refused */
} rows[] = {
    {"a raw ';' stays", "https://a.example",
     "https://a.example/x?$skipToken=E:1;U:2|\"'+",
     "https://a.example/x?$skipToken=E:1;U:2|\"'+"},
    {"a space is encoded", "https://a.example", "https://a.example/x?t=a b",
     "https://a.example/x?t=a%20b"},
    {"a control character is encoded", "https://a.example",
     "https://a.example/x?t=a\r\nb", "https://a.example/x?t=a%0D%0Ab"},
    {"bytes past ASCII are encoded", "https://a.example", "https://a.example/\xc3\xa9",
     "https://a.example/%C3%A9"},
    {"what is encoded stays so", "https://a.example", "https://a.example/%24x%3B",
     "https://a.example/%24x%3B"},
    {"https's own port may be written", "https://a.example", "https://a.example:443/x",
     "https://a.example:443/x"},
    {"a host is the same in capitals", "https://a.example", "https://A.Example/x",
     "https://A.Example/x"},
    {"the port counts", "http://127.0.0.1:80", "http://127.0.0.1:81/x", NULL},
    {"another host", "https://a.example", "https://b.example/x", NULL},
    {"a longer host", "https://a.example", "https://a.example.evil.example/x", NULL},
    {"a shorter scheme", "https://a.example", "http://a.example/x", NULL},
    {"a user before the host", "https://a.example", "https://a.example@b.example/x",
     NULL},
    {"a backslash for a slash", "https://a.example", "https://b.example\\@a.example/x",
     NULL},
    {"a space in the host", "https://a.example", "https://a.example .b.example/x", NULL},
    {"no scheme", "https://a.example", "//a.example/x", NULL},
    {"a path alone", "https://a.example", "/subscriptions", NULL},
    {"nothing", "https://a.example", "", NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_row(void **state)
{
    const struct row *row = *state;
    struct error err = {0};
    char *url = link_follow(row->base, row->link, &err);
    if (row->followed == NULL) {
        assert_null(url);
        assert_int_equal(err.kind, ERROR_DATA);
    } else {
        assert_non_null(url);
        assert_string_equal(url, row->followed);
    }
    free(url);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("azure link", tests, NULL, NULL);
}
