/*
 * mapping/example.h: rules' examples are read, tried, and told where they fail. With
 * BRIDGE_REGENERATE set, the texts are written.
 */
#include "mapping/example.h"

#include "mapping_world.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TOLD_MAX = 64 << 10 };

static const char *const good[] = {"packs/examples/good", NULL};
static const char *const good_and_later[] = {"packs/examples/good",
                                             "packs/examples/later", NULL};
static const char *const failing[] = {"packs/examples/failing", NULL};
static const char *const wrong[] = {"packs/examples/wrong", NULL};

/* Tries every example in directories; tells each that fails, a line each. */
static size_t try_all(const char *const *directories, const struct record_shape *only,
                      struct buf *told)
{
    struct mapping_set *set = NULL;
    struct examples *examples = NULL;
    struct problems problems = {0};
    assert_true(mapping_load(directories, all_shapes, &set, &problems));
    assert_true(examples_load(directories, all_shapes, only, &examples, &problems));
    size_t count = 0;
    const struct example *all = examples_all(examples, &count);
    for (size_t i = 0; i < count; i++) {
        struct buf why;
        buf_init(&why, TOLD_MAX);
        if (!example_try(&all[i], mapping_find(set, all[i].shape), &why)) {
            buf_addf(told, "%s:%d: %s\n", all[i].file, all[i].place.line, buf_text(&why));
        }
        buf_clear(&why);
    }
    examples_free(examples);
    mapping_set_free(set);
    return count;
}

static void examples_that_hold_tell_nothing(void **state)
{
    (void)state;
    struct buf told;
    buf_init(&told, TOLD_MAX);
    assert_int_equal(try_all(good, NULL, &told), 6);
    assert_string_equal(buf_text(&told), "");
    buf_clear(&told);
}

static void examples_of_one_shape_can_be_asked_for(void **state)
{
    (void)state;
    struct buf told;
    buf_init(&told, TOLD_MAX);
    assert_int_equal(try_all(good, &shape_folded, &told), 1);
    assert_string_equal(buf_text(&told), "");
    buf_clear(&told);
}

static void a_replaced_rule_takes_its_examples_with_it(void **state)
{
    (void)state;
    struct buf told;
    buf_init(&told, TOLD_MAX);
    assert_int_equal(try_all(good_and_later, NULL, &told), 5);
    assert_string_equal(buf_text(&told), "");
    buf_clear(&told);
}

static void examples_that_fail_tell_all_that_differs(void **state)
{
    (void)state;
    struct buf told;
    buf_init(&told, TOLD_MAX);
    assert_int_equal(try_all(failing, NULL, &told), 4);
    check_golden("packs/examples/failing.txt", buf_text(&told));
    buf_clear(&told);
}

static void the_rules_service_and_operation_are_put_in(void **state)
{
    (void)state;
    struct examples *examples = NULL;
    struct problems problems = {0};
    assert_true(examples_load(good, all_shapes, &shape_plain, &examples, &problems));
    size_t count = 0;
    const struct example *all = examples_all(examples, &count);
    assert_string_equal(all[0].record,
                        "{\"role\":\"admin\",\"actor\":{\"name\":\"kim\"},"
                        "\"service\":\"iam.example\",\"op\":\"GiveRole\"}");
    assert_string_equal(
        all[1].record,
        "{\"service\":\"old.example\",\"op\":\"TakeRole\","
        "\"role\":\"true\",\"error\":403,"
        "\"members\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\"}]}");
    examples_free(examples);
}

static void every_mistake_is_told_in_one_run(void **state)
{
    (void)state;
    struct examples *examples = NULL;
    struct problems problems = {0};
    struct buf told;
    buf_init(&told, TOLD_MAX);
    assert_false(examples_load(wrong, all_shapes, NULL, &examples, &problems));
    assert_null(examples);
    for (size_t i = 0; i < problems.count; i++) {
        assert_true(buf_addf(&told, "%s\n", problems.texts[i]));
    }
    check_golden("packs/examples/wrong.txt", buf_text(&told));
    assert_int_equal(problems.count, 13);
    problems_clear(&problems);
    buf_clear(&told);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_that_hold_tell_nothing),
        cmocka_unit_test(examples_of_one_shape_can_be_asked_for),
        cmocka_unit_test(a_replaced_rule_takes_its_examples_with_it),
        cmocka_unit_test(examples_that_fail_tell_all_that_differs),
        cmocka_unit_test(the_rules_service_and_operation_are_put_in),
        cmocka_unit_test(every_mistake_is_told_in_one_run),
    };
    return cmocka_run_group_tests_name("examples", tests, NULL, NULL);
}
