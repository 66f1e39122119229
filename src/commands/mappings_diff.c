/*
 * `mappings diff`: what a new version of the packs changes.
 */
#include "commands/mappings.h"

#include "commands/table.h"
#include "config/principle.h"
#include "mapping/difference.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: auditbridge mappings diff OLD_DIR NEW_DIR [OPTION...]\n"
    "\n"
    "Compares two directories of packs: rules that were added (+), removed (-) or "
    "changed\n"
    "(~), and each operation whose principles, or whose class of none, would be others.\n"
    "A principle behind which stands '?' holds on a condition.\n"
    "\n"
    "  --provider NAME  packs for its records alone: aws-cloudtrail\n"
    "  --catalog FILE   compares its operations too, not only those named in full; may "
    "be\n"
    "                   repeated\n"
    "\n"
    "Exit status: 0 both were compared; 2 wrong usage, pack or catalogue.\n";

/* What was asked for. */
struct request {
    const char *provider;
    struct option_list catalogues;
    const char *old;
    const char *new;
};

/* Both versions, and one catalogue for each of the shapes. */
struct versions {
    struct mappings old;
    struct mappings new;
    struct mappings_catalogues catalogues;
};

static void put(const char *text)
{
    table_put(text, stdout);
}

static void print_rule(const struct difference_rule *one)
{
    printf("%c rule ", one->sign);
    put(one->rule->rule.id);
    printf(" (");
    put(one->rule->rule.file);
    printf(":%d)\n", one->rule->place.line);
}

/* "2b, 3f?", "none: job", "undecided" */
static void print_verdict(const struct verdict *verdict)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (verdict->kind == VERDICT_UNDECIDED) {
        buf_add_text(&text, "undecided");
    } else if (verdict->kind == VERDICT_NONE) {
        buf_addf(&text, "none: %s", decision_names[verdict->decision->class]);
    }
    mappings_add_verdict(&text, verdict);
    put(buf_text(&text));
    buf_clear(&text);
}

static void print_operation(const struct difference_operation *operation)
{
    put(operation->service);
    printf("%s", operation->service[0] == '\0' ? "" : " ");
    put(operation->operation);
    printf(": ");
    print_verdict(&operation->old);
    printf(" -> ");
    print_verdict(&operation->new);
    printf("\n");
}

static size_t count_rules(const struct difference *difference, char sign)
{
    size_t count = 0;
    for (size_t i = 0; i < difference->rule_count; i++) {
        count += difference->rules[i].sign == sign;
    }
    return count;
}

static void print_difference(const char *records, const struct difference *difference)
{
    for (size_t i = 0; i < difference->rule_count; i++) {
        print_rule(&difference->rules[i]);
    }
    for (size_t i = 0; i < difference->operation_count; i++) {
        print_operation(&difference->operations[i]);
    }
    printf("%s: %zu rules added, %zu removed, %zu changed; %zu operations come to "
           "something else\n",
           records, count_rules(difference, '+'), count_rules(difference, '-'),
           count_rules(difference, '~'), difference->operation_count);
}

static void compare(const struct versions *versions, const struct record_shape *shape)
{
    struct difference difference;
    const struct verdict_packs old = {mapping_find(versions->old.set, shape),
                                      versions->old.decisions};
    const struct verdict_packs new = {mapping_find(versions->new.set, shape),
                                      versions->new.decisions};
    difference_find(&difference, &old, &new,
                    mappings_catalogues_find(&versions->catalogues, shape));
    print_difference(shape->name, &difference);
    difference_clear(&difference);
}

static int compare_all(const struct request *request, const struct program *program,
                       const struct record_shape *only)
{
    struct versions versions = {0};
    int old = mappings_open_directory(program, only, request->old, &versions.old);
    int new = mappings_open_directory(program, only, request->new, &versions.new);
    int status = old == EXIT_GOOD ? new : old;
    if (status == EXIT_GOOD) {
        status = mappings_catalogues_read(&versions.catalogues, &request->catalogues,
                                          versions.old.shapes, only);
    }
    for (size_t i = 0; status == EXIT_GOOD && versions.old.shapes[i] != NULL; i++) {
        if (only == NULL || only == versions.old.shapes[i]) {
            compare(&versions, versions.old.shapes[i]);
        }
    }
    mappings_catalogues_clear(&versions.catalogues);
    mappings_clear(&versions.old);
    mappings_clear(&versions.new);
    return status;
}

static int run_diff(const struct program *program, int argc, char **argv)
{
    struct request request = {0};
    const struct option_row rows[] = {
        {"provider", OPTION_TEXT, {.text = &request.provider}, 'p'},
        {"catalog", OPTION_LIST, {.list = &request.catalogues}, 0},
        {.kind = OPTION_END},
    };
    struct arguments arguments = {argc, argv};
    int status = options_read(&mappings_diff, rows, &arguments);
    if (status >= 0) {
        return status;
    }
    if (arguments.count != 2) {
        return command_usage(&mappings_diff, "name two directories: OLD_DIR NEW_DIR");
    }
    request.old = arguments.items[0];
    request.new = arguments.items[1];
    const struct record_shape *only = NULL;
    status = mappings_shape(&mappings_diff, program, request.provider, &only);
    return status == EXIT_GOOD ? compare_all(&request, program, only) : status;
}

const struct command mappings_diff = {
    .name = "mappings diff",
    .summary = "what a new version of the packs changes",
    .help = help,
    .run = run_diff,
};
