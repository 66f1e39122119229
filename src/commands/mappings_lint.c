/*
 * `mappings lint`: what in the packs has no effect, or names what does not exist.
 */
#include "commands/mappings.h"

#include "mapping/lint.h"

#include <stdio.h>

static const char help[] =
    "Usage: auditbridge mappings lint [OPTION...]\n"
    "\n"
    "Looks for rules that change nothing or never match, fields that are never used,\n"
    "operations that are mapped and yet said to answer no principle, rules that one "
    "rule\n"
    "could say, and actions that look misspelt. With a catalogue also for services,\n"
    "operations and patterns that are not in it.\n"
    "\n"
    "  --catalog FILE   a table of operations, whose heading says whose they are; may "
    "be\n"
    "                   repeated\n"
    "  --provider NAME  packs for its records alone: aws-cloudtrail\n"
    "  --packs DIR      further mapping packs; may be repeated\n"
    "  --mappings DIR   the shipped packs, when not beside the program\n"
    "\n"
    "Exit status: 0 nothing was found; 1 something was; 2 wrong usage, pack or\n"
    "catalogue.\n";

static int report(const struct problems *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        printf("%s\n", findings->texts[i]);
    }
    if (findings->count > 0) {
        printf("%zu %s\n", findings->count,
               findings->count == 1 ? "finding" : "findings");
    }
    return findings->count == 0 ? EXIT_GOOD : EXIT_FAILED;
}

static void look(const struct mappings *mappings,
                 const struct mappings_catalogues *catalogues, struct problems *findings)
{
    for (size_t i = 0; i < mappings->set->count; i++) {
        const struct mapping *mapping = &mappings->set->mappings[i];
        const struct verdict_packs packs = {mapping, mappings->decisions};
        const struct catalogue *catalogue =
            mappings_catalogues_find(catalogues, mapping->shape);
        lint_rules(&packs, findings);
        if (catalogue != NULL) {
            lint_names(&packs, catalogue, findings);
        }
    }
    lint_words(mappings->set, findings);
}

static int open_and_look(const struct program *program,
                         const struct mappings_choice *choice,
                         const struct option_list *files)
{
    struct mappings mappings;
    struct mappings_catalogues catalogues = {0};
    struct problems findings = {0};
    int status = mappings_open(&mappings_lint, program, choice, &mappings);
    if (status == EXIT_GOOD) {
        status =
            mappings_catalogues_read(&catalogues, files, mappings.shapes, mappings.only);
    }
    if (status == EXIT_GOOD) {
        look(&mappings, &catalogues, &findings);
        status = report(&findings);
    }
    problems_clear(&findings);
    mappings_catalogues_clear(&catalogues);
    mappings_clear(&mappings);
    return status;
}

static int run_lint(const struct program *program, int argc, char **argv)
{
    struct mappings_choice choice = {0};
    struct option_list files = {0};
    const struct option_row rows[] = {
        {"catalog", OPTION_LIST, {.list = &files}, 0},
        {"provider", OPTION_TEXT, {.text = &choice.provider}, 'p'},
        {"packs", OPTION_LIST, {.list = &choice.packs}, 0},
        {"mappings", OPTION_TEXT, {.text = &choice.shipped}, 0},
        {.kind = OPTION_END},
    };
    struct arguments arguments = {argc, argv};
    int status = options_read(&mappings_lint, rows, &arguments);
    if (status >= 0) {
        return status;
    }
    if (arguments.count > 0) {
        return command_usage(&mappings_lint, "catalogues are named with --catalog FILE");
    }
    return open_and_look(program, &choice, &files);
}

const struct command mappings_lint = {
    .name = "mappings lint",
    .summary = "what in the packs has no effect",
    .help = help,
    .run = run_lint,
};
