/*
 * mapping/difference.h: what the packs of packs/difference/new say otherwise than those
 * of packs/difference/old.
 */
#include "mapping/difference.h"

#include "mapping_world.h"
#include "verdict_world.h"

#include "config/principle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TOLD_MAX = 4 << 10 };

static void show_verdict(const struct verdict *verdict, struct buf *out)
{
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        uint32_t bit = principle_bit(&principles[i]);
        if ((verdict->principles & bit) != 0) {
            buf_addf(out, " %s%s", principles[i].ref,
                     (verdict->certain & bit) == 0 ? "?" : "");
        }
    }
    if (verdict->kind == VERDICT_NONE) {
        buf_addf(out, " %s", decision_names[verdict->decision->class]);
    }
}

static void compare(const struct catalogue *catalogue, struct buf *told)
{
    struct verdict_world old;
    struct verdict_world new;
    struct difference difference;
    verdict_world_load(&old, "packs/difference/old", &shape_plain);
    verdict_world_load(&new, "packs/difference/new", &shape_plain);
    difference_find(&difference, &old.packs, &new.packs, catalogue);
    for (size_t i = 0; i < difference.rule_count; i++) {
        buf_addf(told, "%c %s\n", difference.rules[i].sign,
                 difference.rules[i].rule->rule.id);
    }
    for (size_t i = 0; i < difference.operation_count; i++) {
        const struct difference_operation *one = &difference.operations[i];
        buf_addf(told, "%s %s:", one->service, one->operation);
        show_verdict(&one->old, told);
        buf_add_text(told, " ->");
        show_verdict(&one->new, told);
        buf_add_text(told, "\n");
    }
    difference_clear(&difference);
    verdict_world_clear(&old);
    verdict_world_clear(&new);
}

static void rules_and_operations_that_changed_are_told(void **state)
{
    (void)state;
    struct buf told;
    buf_init(&told, TOLD_MAX);
    compare(NULL, &told);
    assert_string_equal(buf_text(&told), "~ changes\n"
                                         "+ comes\n"
                                         "- goes\n"
                                         "~ widens\n"
                                         "iam Elevate: -> 2c?\n"
                                         "iam Join: 2b ->\n"
                                         "net Close: 3f ->\n"
                                         "net Name: label -> settings\n"
                                         "net Open: 3f -> 3f 3g\n");
    buf_clear(&told);
}

static void a_catalogue_shows_what_patterns_change(void **state)
{
    (void)state;
    struct catalogue catalogue = {.shape = &shape_plain};
    struct problems problems = {0};
    struct buf told;
    buf_init(&told, TOLD_MAX);
    assert_true(catalogue_add(
        &catalogue, "t.tsv", bytes_of("service\toperation\nnet\tMakeOne\nnet\tPlanOne\n"),
        &problems));
    catalogue_sort(&catalogue);
    compare(&catalogue, &told);
    assert_non_null(strstr(buf_text(&told), "net PlanOne: -> 3b\n"));
    assert_null(strstr(buf_text(&told), "MakeOne"));
    catalogue_clear(&catalogue);
    buf_clear(&told);
}

static void packs_do_not_differ_from_themselves(void **state)
{
    (void)state;
    struct verdict_world world;
    struct difference difference;
    verdict_world_load(&world, "packs/difference/new", &shape_plain);
    difference_find(&difference, &world.packs, &world.packs, NULL);
    assert_int_equal(difference.rule_count, 0);
    assert_int_equal(difference.operation_count, 0);
    difference_clear(&difference);
    verdict_world_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_and_operations_that_changed_are_told),
        cmocka_unit_test(a_catalogue_shows_what_patterns_change),
        cmocka_unit_test(packs_do_not_differ_from_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
