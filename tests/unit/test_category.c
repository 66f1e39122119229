/* event/category.h: only pairs that Elastic Common Schema expects. */
#include "event/category.h"

#include "config/principle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct row {
    const char *ref;
    enum change change;
    bool has_group;
    unsigned categories;
    unsigned types;
} rows[] = {
    {"1a", CHANGE_NONE, false, CATEGORY_AUTHENTICATION, TYPE_START},
    {"1f", CHANGE_NONE, false, CATEGORY_SESSION, TYPE_END},
    {"2a", CHANGE_CREATE, true, CATEGORY_IAM, TYPE_GROUP | TYPE_CREATION},
    {"2a", CHANGE_DELETE, false, CATEGORY_IAM, TYPE_ADMIN | TYPE_DELETION},
    {"2b", CHANGE_ADD, true, CATEGORY_IAM, TYPE_GROUP | TYPE_CHANGE},
    {"2c", CHANGE_START, false, CATEGORY_AUTHENTICATION | CATEGORY_SESSION, TYPE_START},
    {"3a", CHANGE_STOP, false, CATEGORY_HOST, TYPE_END},
    {"3a", CHANGE_RESTART, false, CATEGORY_HOST, TYPE_START | TYPE_END},
    {"3b", CHANGE_CREATE, false, CATEGORY_CONFIGURATION, TYPE_CREATION},
    {"3c", CHANGE_ADD, false, CATEGORY_PACKAGE, TYPE_INSTALLATION},
    {"3e", CHANGE_CREATE, false, CATEGORY_CONFIGURATION | CATEGORY_NETWORK,
     TYPE_CREATION},
    {"3f", CHANGE_ADD, false, CATEGORY_CONFIGURATION | CATEGORY_NETWORK, TYPE_CHANGE},
    {"5b", CHANGE_NONE, false, CATEGORY_NETWORK, TYPE_CONNECTION | TYPE_DENIED},
    {"6", CHANGE_NONE, false, CATEGORY_CONFIGURATION, TYPE_INFO},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_row(void **state)
{
    const struct row *row = *state;
    const struct value group = {0};
    const struct rule rule = {.principles = principle_bit(principle_find(row->ref)),
                              .change = row->change};
    struct match match = {.rules = {&rule}, .rule_count = 1};
    match.fields[FIELD_GROUP_NAME] = row->has_group ? &group : NULL;
    struct category category = category_of(&match);
    assert_int_equal(category.categories, row->categories);
    assert_int_equal(category.types, row->types);
}

/* event.category's expected_event_types, of the categories that we use. */
static const unsigned expected[CATEGORY_COUNT] = {
    TYPE_START | TYPE_END | TYPE_INFO,
    TYPE_CHANGE | TYPE_CREATION | TYPE_DELETION | TYPE_INFO,
    TYPE_CHANGE | TYPE_END | TYPE_INFO | TYPE_START,
    TYPE_ADMIN | TYPE_CHANGE | TYPE_CREATION | TYPE_DELETION | TYPE_GROUP | TYPE_INFO,
    TYPE_CONNECTION | TYPE_DENIED | TYPE_END | TYPE_INFO | TYPE_PROTOCOL | TYPE_START,
    TYPE_CHANGE | TYPE_DELETION | TYPE_INFO | TYPE_INSTALLATION | TYPE_START,
    TYPE_START | TYPE_END | TYPE_INFO,
};

static void assert_expected(const struct principle *principle, enum change change)
{
    const struct rule rule = {.principles = principle_bit(principle), .change = change};
    struct match match = {.rules = {&rule}, .rule_count = 1};
    struct category category = category_of(&match);
    unsigned allowed = 0;
    for (unsigned left = category.categories; left != 0; left &= left - 1) {
        allowed |= expected[__builtin_ctz(left)];
    }
    assert_true(category.categories != 0 && category.types != 0);
    assert_int_equal(category.types & ~allowed, 0);
}

static void every_type_is_expected_with_one_of_its_categories(void **state)
{
    (void)state;
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        for (enum change change = 0; change < CHANGE_COUNT; change++) {
            assert_expected(&principles[i], change);
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 1] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].ref, .test_func = test_row, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(
        every_type_is_expected_with_one_of_its_categories);
    return cmocka_run_group_tests_name("category", tests, NULL, NULL);
}
