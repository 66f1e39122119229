/* mapping/lookup.h: every name leads to its own thing, and others to nothing. */
#include "mapping/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { NAMES = 5000, NAME_SIZE = 64, STEMS = 40 };

/* Names of every length from 1 on, many of which differ in one byte only. */
static void name_of(size_t number, char out[NAME_SIZE])
{
    static const char stem[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn";
    snprintf(out, NAME_SIZE, "%.*s%zu", (int)(number % STEMS), stem, number / STEMS);
}

static void many_names_are_found_and_no_others(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct lookup lookup = {0};
    size_t *numbers = arena_alloc(&arena, NAMES, sizeof(*numbers));
    char name[NAME_SIZE];

    for (size_t i = 0; i < NAMES; i++) {
        numbers[i] = i;
        name_of(i, name);
        struct bytes kept = bytes_of(arena_text(&arena, name));
        assert_null(lookup_find(&lookup, kept));
        lookup_add(&lookup, &arena, kept, &numbers[i]);
    }
    for (size_t i = 0; i < 2 * (size_t)NAMES; i++) {
        name_of(i, name);
        const size_t *found = lookup_find(&lookup, bytes_of(name));
        assert_ptr_equal(found, i < NAMES ? &numbers[i] : NULL);
    }
    arena_clear(&arena);
}

static void the_empty_name_and_nul_bytes_are_names(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct lookup lookup = {0};
    int things[3] = {0};
    const struct bytes names[] = {
        {NULL, 0}, {(const uint8_t *)"\0", 1}, {(const uint8_t *)"\0\0", 2}};

    assert_null(lookup_find(&lookup, names[0]));
    for (size_t i = 0; i < 3; i++) {
        lookup_add(&lookup, &arena, names[i], &things[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(lookup_find(&lookup, names[i]), &things[i]);
    }
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_names_are_found_and_no_others),
        cmocka_unit_test(the_empty_name_and_nul_bytes_are_names),
    };
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
