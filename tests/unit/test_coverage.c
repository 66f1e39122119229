/*
 * mapping/verdict.h and mapping/coverage.h: what packs/verdicts decides on, operation by
 * operation, and the sums over a catalogue.
 */
#include "mapping/coverage.h"

#include "mapping_world.h"
#include "verdict_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LETTERS_SIZE = 64, SAMPLE = 4 };

static const char table[] = "service\toperation\tkind\n"
                            "iam\tMake\twrite\n"
                            "iam\tMake20150331\twrite\n"
                            "iam\tGive\twrite\n"
                            "iam\tForget\twrite\n"
                            "iam\tListAll\tread\n"
                            "net\tChange\twrite\n"
                            "net\tDeleteAll\twrite\n"
                            "net\tLabel\twrite\n"
                            "net\tLook\twrite\n"
                            "net\tRunOnce\twrite\n"
                            "mail\tSend\twrite\n";

static struct row {
    const char *name;
    const struct record_shape *shape;
    const char *service;
    const char *operation;
    enum verdict_kind kind;
    const char *letters; /* with '?' behind those that take a condition */
    const char *rule;
} rows[] = {
    {"a rule decides", &shape_plain, "iam", "Make", VERDICT_MAPPED, "2b", "make"},
    {"several rules decide together", &shape_plain, "iam", "Give", VERDICT_MAPPED,
     "2b 2c?", "make"},
    {"a condition decides too", &shape_plain, "net", "Change", VERDICT_CONDITIONAL, "3f?",
     "change-sometimes"},
    {"a pattern decides", &shape_plain, "net", "DeleteAll", VERDICT_MAPPED, "3b",
     "all-deletions"},
    {"a pattern decides on what it matches alone", &shape_plain, "net", "Undelete",
     VERDICT_UNDECIDED, "", NULL},
    {"a rule without principles decides nothing", &shape_plain, "net", "Look",
     VERDICT_UNDECIDED, "", NULL},
    {"what answers nothing is said beside such a rule", &shape_plain, "net", "Label",
     VERDICT_NONE, "", NULL},
    {"a pattern says what answers nothing", &shape_plain, "net", "RunOnce", VERDICT_NONE,
     "", NULL},
    {"nobody names it", &shape_plain, "iam", "Forget", VERDICT_UNDECIDED, "", NULL},
    {"a service that nobody names", &shape_plain, "mail", "Send", VERDICT_UNDECIDED, "",
     NULL},
    {"records without services", &shape_folded, "Any Service", "add user", VERDICT_MAPPED,
     "2b", "user-add"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void show_letters(const struct verdict *verdict, struct buf *out)
{
    const char *between = "";
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        uint32_t bit = principle_bit(&principles[i]);
        if ((verdict->principles & bit) != 0) {
            buf_addf(out, "%s%s%s", between, principles[i].ref,
                     (verdict->certain & bit) == 0 ? "?" : "");
            between = " ";
        }
    }
}

static void test_verdict(void **state)
{
    const struct row *row = *state;
    struct verdict_world world;
    struct buf letters;
    verdict_world_load(&world, "packs/verdicts", row->shape);
    buf_init(&letters, LETTERS_SIZE);

    struct verdict verdict = verdict_find(&world.packs, row->service, row->operation);
    show_letters(&verdict, &letters);
    assert_int_equal(verdict.kind, row->kind);
    assert_string_equal(buf_text(&letters), row->letters);
    assert_string_equal(verdict.rule == NULL ? "" : verdict.rule->rule.id,
                        row->rule == NULL ? "" : row->rule);
    assert_int_equal(verdict.kind == VERDICT_NONE && verdict.decision == NULL, false);

    buf_clear(&letters);
    verdict_world_clear(&world);
}

/* packs/verdicts against the table. */
struct measured {
    struct verdict_world world;
    struct catalogue catalogue;
    struct coverage coverage;
};

static void measure(struct measured *measured, const char *scope, int priority)
{
    struct problems problems = {0};
    *measured = (struct measured){.catalogue = {.shape = &shape_plain}};
    verdict_world_load(&measured->world, "packs/verdicts", &shape_plain);
    assert_true(catalogue_add(&measured->catalogue, "t.tsv", bytes_of(table), &problems));
    if (scope != NULL) {
        assert_true(catalogue_scope(&measured->catalogue, "scope.tsv", bytes_of(scope),
                                    &problems));
    }
    catalogue_sort(&measured->catalogue);
    coverage_fill(&measured->coverage, &measured->world.packs, &measured->catalogue,
                  priority);
}

static void measured_clear(struct measured *measured)
{
    coverage_clear(&measured->coverage);
    catalogue_clear(&measured->catalogue);
    verdict_world_clear(&measured->world);
}

static void check_counts(const struct coverage *coverage,
                         const size_t wanted[VERDICT_COUNT])
{
    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        assert_int_equal(coverage->counts[i], wanted[i]);
    }
}

static void writes_count_once_in_services_that_a_pack_names(void **state)
{
    (void)state;
    struct measured measured;
    measure(&measured, NULL, 0);
    const struct coverage *coverage = &measured.coverage;
    const size_t wanted[VERDICT_COUNT] = {[VERDICT_UNDECIDED] = 2,
                                          [VERDICT_MAPPED] = 3,
                                          [VERDICT_CONDITIONAL] = 1,
                                          [VERDICT_NONE] = 2};
    check_counts(coverage, wanted);
    assert_int_equal(coverage->count, 8);
    assert_int_equal(coverage->service_count, 2);
    assert_int_equal(coverage->left_out, 1);
    assert_int_equal(coverage->classes[DECISION_LABEL], 1);
    assert_int_equal(coverage->classes[DECISION_JOB], 1);
    assert_int_equal(coverage_permille(coverage->counts), 750);
    measured_clear(&measured);
}

static void a_letter_is_counted_as_conditional_unless_one_rule_is_certain(void **state)
{
    (void)state;
    struct measured measured;
    measure(&measured, NULL, 0);
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        const struct coverage_letter *letter = &measured.coverage.letters[i];
        const char *ref = principles[i].ref;
        bool is_certain = strcmp(ref, "2b") == 0 || strcmp(ref, "3b") == 0;
        size_t mapped = strcmp(ref, "2b") == 0 ? 2 : is_certain;
        assert_int_equal(letter->mapped, mapped);
        assert_int_equal(letter->conditional,
                         strcmp(ref, "2c") == 0 || strcmp(ref, "3f") == 0);
    }
    measured_clear(&measured);
}

static void a_scope_says_which_services_count(void **state)
{
    (void)state;
    struct measured measured;
    measure(&measured,
            "provider\tservice\tpriority\nplain\tmail\t1\nplain\tiam\t2\nplain\tnet\t3\n",
            2);
    const size_t wanted[VERDICT_COUNT] = {[VERDICT_UNDECIDED] = 2, [VERDICT_MAPPED] = 2};
    check_counts(&measured.coverage, wanted);
    assert_int_equal(measured.coverage.left_out, 0);
    assert_int_equal(measured.coverage.service_count, 2);
    measured_clear(&measured);
}

static void all_but_one_of_many_is_not_everything(void **state)
{
    (void)state;
    const size_t nearly[VERDICT_COUNT] = {
        [VERDICT_UNDECIDED] = 1, [VERDICT_MAPPED] = 1000000};
    const size_t all[VERDICT_COUNT] = {[VERDICT_MAPPED] = 1};
    assert_int_equal(coverage_permille(nearly), 999);
    assert_int_equal(coverage_permille(all), 1000);
}

static void a_sample_is_the_same_for_the_same_seed(void **state)
{
    (void)state;
    struct measured measured;
    size_t first[SAMPLE];
    size_t second[SAMPLE];
    measure(&measured, NULL, 0);
    assert_int_equal(coverage_sample(&measured.coverage, 7, SAMPLE, first), SAMPLE);
    assert_int_equal(coverage_sample(&measured.coverage, 7, SAMPLE, second), SAMPLE);
    assert_memory_equal(first, second, sizeof(first));
    size_t differ = 0;
    for (uint64_t seed = 0; seed < 16; seed++) {
        coverage_sample(&measured.coverage, seed, SAMPLE, second);
        differ += memcmp(first, second, sizeof(first)) != 0;
    }
    assert_true(differ > 0);
    measured_clear(&measured);
}

static void
a_sample_holds_decisions_alone_each_once_and_not_more_than_there_are(void **state)
{
    (void)state;
    struct measured measured;
    size_t places[16];
    measure(&measured, NULL, 0);
    for (uint64_t seed = 0; seed < 64; seed++) {
        size_t count = coverage_sample(&measured.coverage, seed, 16, places);
        assert_int_equal(count, 6);
        for (size_t i = 0; i < count; i++) {
            const struct coverage_item *item = &measured.coverage.items[places[i]];
            assert_int_not_equal(item->verdict.kind, VERDICT_UNDECIDED);
            assert_true(i == 0 || places[i] > places[i - 1]);
        }
    }
    measured_clear(&measured);
}

int main(void)
{
    struct CMUnitTest others[] = {
        cmocka_unit_test(writes_count_once_in_services_that_a_pack_names),
        cmocka_unit_test(a_letter_is_counted_as_conditional_unless_one_rule_is_certain),
        cmocka_unit_test(a_scope_says_which_services_count),
        cmocka_unit_test(all_but_one_of_many_is_not_everything),
        cmocka_unit_test(a_sample_is_the_same_for_the_same_seed),
        cmocka_unit_test(
            a_sample_holds_decisions_alone_each_once_and_not_more_than_there_are),
    };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_verdict, .initial_state = &rows[i]};
    }
    int failed = cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("coverage", others, NULL, NULL);
}
