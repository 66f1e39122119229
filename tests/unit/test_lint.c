/*
 * mapping/lint.h: every kind of finding in packs/lint, to the letter, and packs in which
 * nothing is to be found. With BRIDGE_REGENERATE set, the findings are written.
 */
#include "mapping/lint.h"

#include "mapping_world.h"
#include "verdict_world.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TOLD_MAX = 64 << 10 };

static const char tables[2][512] = {
    "service\toperation\tkind\niam\tGive\twrite\niam\tMakeGroup\twrite\n"
    "iam\tMakeRole\twrite\niam\tName\twrite\niam\tTake\twrite\nnet\tBuild\twrite\n"
    "net\tConnect\twrite\nnet\tDeploy\twrite\nnet\tMakeNet\twrite\nnet\tName\twrite\n"
    "net\tRebuild\twrite\n",
    "service\toperation\nCompute\tCompute/Disk/Delete\nCompute\tCompute/Disk/RunOnce\n"
    "Compute\tCompute/Disk/Write\nCompute\tCompute/Disk/SetPolicy\n"
    "Store\tStore/Box/Delete\nStore\tStore/Box/SetPolicy\n",
};

static struct row {
    const char *name;
    const char *folder;
    const char *golden;
    bool has_catalogues;
} rows[] = {
    {"each kind of finding without a catalogue", "packs/lint", "packs/lint.txt", false},
    {"each kind of finding with catalogues", "packs/lint", "packs/lint_names.txt", true},
    {"nothing is found in packs that are right", "packs/lint_clean",
     "packs/lint_clean.txt", true},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void look(const char *folder, const struct record_shape *shape, const char *table,
                 struct problems *findings)
{
    struct verdict_world world;
    struct catalogue catalogue = {.shape = shape};
    verdict_world_load(&world, folder, shape);
    lint_rules(&world.packs, findings);
    if (table != NULL) {
        assert_true(catalogue_add(&catalogue, "t.tsv", bytes_of(table), findings));
        catalogue_sort(&catalogue);
        lint_names(&world.packs, &catalogue, findings);
    }
    catalogue_clear(&catalogue);
    verdict_world_clear(&world);
}

static void test_findings(void **state)
{
    const struct row *row = *state;
    struct problems findings = {0};
    struct verdict_world world;
    struct buf told;
    buf_init(&told, TOLD_MAX);

    look(row->folder, &shape_plain, row->has_catalogues ? tables[0] : NULL, &findings);
    look(row->folder, &shape_folded, row->has_catalogues ? tables[1] : NULL, &findings);
    verdict_world_load(&world, row->folder, &shape_plain);
    lint_words(world.set, &findings);
    verdict_world_clear(&world);

    verdict_world_show(&findings, &told);
    check_golden(row->golden, buf_text(&told));
    problems_clear(&findings);
    buf_clear(&told);
}

int main(void)
{
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_findings, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
