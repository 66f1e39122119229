/*
 * commands/summary.h: what a person sees at the end of a run. The texts are in
 * fixtures/summary; BRIDGE_REGENERATE=1 writes them anew.
 */
#include "commands/summary.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 1000, TEXT_SIZE = 64 << 10 };

struct world {
    struct config config;
    struct fleet fleet;
    struct source sources[MANY];
    struct source *places[MANY];
    struct config_source entry;
};

static void setup(struct world *world, size_t count)
{
    *world = (struct world){.fleet = {.plan.config = &world->config,
                                      .sources = world->places,
                                      .source_count = count}};
    for (size_t i = 0; i < count; i++) {
        world->places[i] = &world->sources[i];
        world->sources[i] = (struct source){
            .name = mem_format("prod-%03zu", i),
            .config = &world->entry,
            .end = SOURCE_DONE,
            .counts = {.requests = 2, .read = 50, .known = 10, .delivered = 40},
        };
    }
}

static void teardown(struct world *world)
{
    for (size_t i = 0; i < world->fleet.source_count; i++) {
        free(world->sources[i].name);
    }
}

static char *print(const struct summary *summary)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    summary_print(summary, out);
    fclose(out);
    return text;
}

static void assert_golden(const struct summary *summary, const char *path)
{
    char *text = print(summary);
    char *wanted = mem_new(1, TEXT_SIZE);
    if (getenv("BRIDGE_REGENERATE") != NULL) {
        FILE *file = fopen(path, "w");
        fputs(text, file);
        fclose(file);
    }
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(wanted, 1, TEXT_SIZE - 1, file);
    fclose(file);
    wanted[size] = '\0';
    assert_string_equal(text, wanted);
    free(wanted);
    free(text);
}

static void test_a_small_run_shows_each_source_and_what_to_do(void **state)
{
    (void)state;
    struct world *world = mem_new(1, sizeof(*world));
    setup(world, 4);
    world->sources[0].counts.mapped = 30;
    world->sources[0].counts.by_principle[7] = 29;
    world->sources[0].counts.by_principle[20] = 1;
    world->sources[0].counts.refused = 2;
    world->sources[1].end = SOURCE_FAILED;
    error_set(&world->sources[1].error, ERROR_DENIED,
              "cloudtrail eu-west-2: AccessDenied: add cloudtrail:LookupEvents to the "
              "policy of arn:aws:iam::111122223333:role/audit");
    world->sources[2].end = SOURCE_HELD;
    world->sources[3].end = SOURCE_PAUSED;
    free(world->sources[3].name);
    world->sources[3].name =
        mem_dup("a-name-that-is-much-longer-than-anybody-wants-to-see-on-a-screen");
    const struct summary summary = {.fleet = &world->fleet, .took_ms = 12000};
    assert_golden(&summary, "summary/small.txt");
    teardown(world);
    free(world);
}

static void test_of_many_sources_the_worst_are_shown_then_the_total(void **state)
{
    (void)state;
    struct world *world = mem_new(1, sizeof(*world));
    setup(world, MANY);
    for (size_t i = 0; i < MANY; i += 111) {
        world->sources[i].end = SOURCE_FAILED;
        error_set(&world->sources[i].error, ERROR_UNREACHABLE, "cloudtrail: timed out%s",
                  i % 2 == 0 ? "" : " reading");
    }
    for (size_t i = 1; i < 7; i++) {
        world->sources[i].end = SOURCE_FAILED;
        error_set(&world->sources[i].error, ERROR_DENIED, "sts: role %zu", i);
    }
    world->sources[500].counts.refused = 3;
    world->sources[501].end = SOURCE_PAUSED;
    world->sources[502].end = SOURCE_HELD;
    world->sources[503].counts.delivered = 9000;
    const struct summary summary = {.fleet = &world->fleet, .took_ms = 125000};
    char *text = print(&summary);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    assert_true(lines < 30);
    free(text);
    assert_golden(&summary, "summary/many.txt");
    teardown(world);
    free(world);
}

static void test_a_dry_run_says_what_would_be_and_what_no_rule_names(void **state)
{
    (void)state;
    struct world *world = mem_new(1, sizeof(*world));
    char name[] = "ec2.amazonaws.com \x1b[31mDescribe";
    struct rehearsal_name items[12];
    for (size_t i = 0; i < 12; i++) {
        items[i] = (struct rehearsal_name){name, 12 - i};
    }
    const struct rehearsal_names names = {.items = items, .count = 12};
    setup(world, 1);
    const struct summary summary = {.fleet = &world->fleet, .unmapped = &names};
    assert_golden(&summary, "summary/dry.txt");
    teardown(world);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_small_run_shows_each_source_and_what_to_do),
        cmocka_unit_test(test_of_many_sources_the_worst_are_shown_then_the_total),
        cmocka_unit_test(test_a_dry_run_says_what_would_be_and_what_no_rule_names),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
