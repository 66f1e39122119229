/*
 * `mappings test`: the examples that rules carry, tried.
 */
#include "commands/mappings.h"

#include "commands/table.h"
#include "mapping/example.h"

#include <stdio.h>

static const char help[] =
    "Usage: auditbridge mappings test [OPTION...]\n"
    "\n"
    "Tries the examples that rules carry: each is a record and what it must come to.\n"
    "Prints those that come to something else, with what was expected and what came.\n"
    "\n"
    "  --provider NAME  examples of its records alone: aws-cloudtrail\n"
    "  --packs DIR      further mapping packs; may be repeated\n"
    "  --mappings DIR   the shipped packs, when not beside the program\n"
    "\n"
    "Exit status: 0 all came to what they must, even if there are none; 1 some did not;\n"
    "2 wrong usage or pack.\n";

enum { TOLD_MAX = 64 << 10 };

/* True when example comes to what it must; else what is wrong is printed. */
static bool try_one(const struct example *example, const struct mapping_set *set)
{
    struct buf told;
    buf_init(&told, TOLD_MAX);
    bool ok = example_try(example, mapping_find(set, example->shape), &told);
    if (!ok) {
        table_put(example->file, stdout);
        printf(":%d:%d: rule \"%s\": ", example->place.line, example->place.column,
               example->rule);
        table_put(buf_text(&told), stdout);
        printf("\n");
    }
    buf_clear(&told);
    return ok;
}

static int try_all(const struct mappings *mappings, const struct examples *examples)
{
    size_t count = 0;
    size_t failed = 0;
    const struct example *all = examples_all(examples, &count);
    for (size_t i = 0; i < count; i++) {
        failed += try_one(&all[i], mappings->set) ? 0 : 1;
    }
    printf("%zu %s tried, %zu failed\n", count, count == 1 ? "example" : "examples",
           failed);
    return failed == 0 ? EXIT_GOOD : EXIT_FAILED;
}

static int load_and_try(const struct mappings *mappings)
{
    struct problems problems = {0};
    struct examples *examples = NULL;
    bool ok = examples_load((const char *const *)mappings->directories, mappings->shapes,
                            mappings->only, &examples, &problems);
    int status = ok ? try_all(mappings, examples) : command_problems(&problems);
    examples_free(examples);
    problems_clear(&problems);
    return status;
}

static int run_test(const struct program *program, int argc, char **argv)
{
    struct mappings_choice choice = {0};
    const struct option_row rows[] = {
        {"provider", OPTION_TEXT, {.text = &choice.provider}, 'p'},
        {"packs", OPTION_LIST, {.list = &choice.packs}, 0},
        {"mappings", OPTION_TEXT, {.text = &choice.shipped}, 0},
        {.kind = OPTION_END},
    };
    struct arguments arguments = {argc, argv};
    int status = options_read(&mappings_test, rows, &arguments);
    if (status >= 0) {
        return status;
    }
    if (arguments.count > 0) {
        return command_usage(&mappings_test, "only options are taken");
    }
    struct mappings mappings = {0};
    status = mappings_open(&mappings_test, program, &choice, &mappings);
    if (status == EXIT_GOOD) {
        status = load_and_try(&mappings);
    }
    mappings_clear(&mappings);
    return status;
}

const struct command mappings_test = {
    .name = "mappings test",
    .summary = "try the examples that rules carry",
    .help = help,
    .run = run_test,
};
