/*
 * `mappings`: what the packs say, and whether they say enough.
 */
#include "commands/mappings.h"

#include "base/mem.h"
#include "config/principle.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: auditbridge mappings coverage --provider NAME --catalog FILE [OPTION...]\n"
    "       auditbridge mappings lint [--catalog FILE...]\n"
    "       auditbridge mappings list [--principle REF] [--service NAME]\n"
    "       auditbridge mappings test\n"
    "       auditbridge mappings diff OLD_DIR NEW_DIR [--catalog FILE]\n"
    "\n"
    "coverage  which operations of a cloud the packs decide on, and which not yet\n"
    "lint      what in the packs has no effect, or names what does not exist\n"
    "list      the rules: by principle, service or provider\n"
    "test      tries the examples that rules carry\n"
    "diff      what a new version of the packs changes\n"
    "\n"
    "'auditbridge mappings PART --help' says more. None of them reads a record, a\n"
    "configuration or the network.\n"
    "\n"
    "Exit status: 0 the answer is good; 1 it is not; 2 wrong usage, pack or catalogue.\n";

static const struct {
    const char *name;
    const struct command *command;
} parts[] = {
    {"coverage", &mappings_coverage}, {"lint", &mappings_lint}, {"list", &mappings_list},
    {"test", &mappings_test},         {"diff", &mappings_diff},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

int mappings_shape(const struct command *command, const struct program *program,
                   const char *name, const struct record_shape **shape)
{
    *shape = NULL;
    if (name == NULL) {
        return EXIT_GOOD;
    }
    const struct provider *provider = command_provider(program, name);
    if (provider == NULL || provider->shape == NULL) {
        return command_usage(command, "--provider %s: there is no such provider", name);
    }
    *shape = provider->shape;
    return EXIT_GOOD;
}

static int load(struct mappings *mappings, struct problems *problems)
{
    const char *const *directories = (const char *const *)mappings->directories;
    bool is_mapped = directories != NULL &&
                     mapping_load_only(directories, mappings->shapes, mappings->only,
                                       &mappings->set, problems);
    bool is_decided = directories != NULL &&
                      decisions_load(directories, mappings->shapes, mappings->only,
                                     &mappings->decisions, problems);
    int status = is_mapped && is_decided ? EXIT_GOOD : command_problems(problems);
    problems_clear(problems);
    return status;
}

int mappings_open(const struct command *command, const struct program *program,
                  const struct mappings_choice *choice, struct mappings *mappings)
{
    struct problems problems = {0};
    *mappings = (struct mappings){0};
    int status = mappings_shape(command, program, choice->provider, &mappings->only);
    if (status != EXIT_GOOD) {
        return status;
    }
    mappings->shapes = command_shapes(program);
    mappings->directories =
        command_directories(choice->shipped, choice->packs.items, &problems);
    return load(mappings, &problems);
}

int mappings_open_directory(const struct program *program,
                            const struct record_shape *only, const char *directory,
                            struct mappings *mappings)
{
    struct problems problems = {0};
    *mappings = (struct mappings){.only = only, .shapes = command_shapes(program)};
    mappings->directories = command_directories(directory, NULL, &problems);
    return load(mappings, &problems);
}

void mappings_clear(struct mappings *mappings)
{
    mapping_set_free(mappings->set);
    decisions_free(mappings->decisions);
    command_directories_free(mappings->directories);
    free(mappings->shapes);
    *mappings = (struct mappings){0};
}

/* certain: those without a "?" behind them. */
static void add_letters(struct buf *out, uint32_t bits, uint32_t certain)
{
    const char *between = "";
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        uint32_t bit = principle_bit(&principles[i]);
        if ((bits & bit) != 0) {
            buf_addf(out, "%s%s%s", between, principles[i].ref,
                     (certain & bit) == 0 ? "?" : "");
            between = ", ";
        }
    }
}

void mappings_add_letters(struct buf *out, uint32_t bits)
{
    add_letters(out, bits, bits);
}

void mappings_add_verdict(struct buf *out, const struct verdict *verdict)
{
    add_letters(out, verdict->principles, verdict->certain);
}

json_t *mappings_letters_json(uint32_t bits)
{
    json_t *list = json_array();
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if ((bits & principle_bit(&principles[i])) != 0) {
            json_array_append_new(list, json_string(principles[i].ref));
        }
    }
    return list;
}

static int mappings(const struct program *program, int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(help, stdout);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < PARTS; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            int status = parts[i].command->run(program, argc - 1, argv + 1);
            return fflush(stdout) == 0 ? status : EXIT_FAILED;
        }
    }
    return name[0] == '\0'
               ? command_usage(&command_mappings_packs,
                               "say what to do: coverage, lint, list, test or diff")
               : command_usage(&command_mappings_packs, "%s: there is no such part",
                               name);
}

const struct command command_mappings_packs = {
    .name = "mappings",
    .summary = "check, list, test and compare mapping packs",
    .help = help,
    .run = mappings,
};
