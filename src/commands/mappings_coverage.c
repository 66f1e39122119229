/*
 * `mappings coverage`: whether the packs decide on everything that can happen.
 */
#include "commands/mappings.h"
#include "commands/mappings_figures.h"

#include "base/mem.h"
#include "commands/table.h"
#include "mapping/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_MAX = 100000, PRIORITY_MAX = 9, PRIORITY_USUAL = 2 };

static const char help[] =
    "Usage: auditbridge mappings coverage --provider NAME --catalog FILE [OPTION...]\n"
    "\n"
    "Holds the packs against a catalogue of operations. A write is decided when a rule\n"
    "with principles names it, with or without conditions, or when a no_principle entry\n"
    "does. Prints the figures by service, principle and class, then the total and the\n"
    "first names that are undecided.\n"
    "\n"
    "  --provider NAME   whose operations they are: aws-cloudtrail\n"
    "  --catalog FILE    a table whose heading names its columns; may be repeated\n"
    "  --scope FILE      the services that matter, with a priority each; without it\n"
    "                    every service that a pack names\n"
    "  --priority N      with --scope: services of priority 1 to N (default: 2)\n"
    "  --packs DIR       further mapping packs; may be repeated\n"
    "  --mappings DIR    the shipped packs, when not beside the program\n"
    "  --verbose         services with nothing undecided too\n"
    "  --undecided       only what is undecided, all of it: service, tab, operation\n"
    "  --sample N        N decisions by chance, for a second reader: service, "
    "operation,\n"
    "                    principles ('?': on a condition) or class, rule, why (or\n"
    "                    action), with tabs between\n"
    "  --seed S          another S, another sample (default: 1)\n"
    "  --output json     the figures as one JSON object\n"
    "\n"
    "Exit status: 0 everything is decided, or the sample was printed; 1 something is\n"
    "undecided; 2 wrong usage, pack or catalogue.\n";

/* What was asked for. */
struct request {
    struct mappings_choice choice;
    struct option_list catalogues;
    const char *scope;
    const char *priority_text;
    const char *sample_text;
    const char *seed_text;
    uint64_t priority; /* 0: there is no scope */
    uint64_t sample;
    uint64_t seed;
    bool is_verbose;
    bool is_undecided;
};

static bool read_number(const char *text, uint64_t max, uint64_t *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           *number <= max;
}

static int check_numbers(struct request *request)
{
    const char *priority = request->priority_text;
    if (priority != NULL && request->scope == NULL) {
        return command_usage(&mappings_coverage, "--priority needs --scope FILE");
    }
    request->priority = request->scope == NULL ? 0 : PRIORITY_USUAL;
    if (priority != NULL && (!read_number(priority, PRIORITY_MAX, &request->priority) ||
                             request->priority == 0)) {
        return command_usage(&mappings_coverage, "--priority %s: write 1 to %d", priority,
                             (int)PRIORITY_MAX);
    }
    if (request->sample_text != NULL &&
        (!read_number(request->sample_text, SAMPLE_MAX, &request->sample) ||
         request->sample == 0)) {
        return command_usage(&mappings_coverage, "--sample %s: write 1 to %d",
                             request->sample_text, (int)SAMPLE_MAX);
    }
    if (request->seed_text != NULL &&
        !read_number(request->seed_text, UINT64_MAX, &request->seed)) {
        return command_usage(&mappings_coverage, "--seed %s: write a number",
                             request->seed_text);
    }
    return EXIT_GOOD;
}

static int check_request(struct request *request, int left)
{
    const char *output = request->choice.output;
    bool is_listing = request->is_undecided || request->sample_text != NULL;
    if (left > 0) {
        return command_usage(&mappings_coverage, "files are named with --catalog FILE");
    }
    if (request->choice.provider == NULL || request->catalogues.count == 0) {
        return command_usage(&mappings_coverage, "--provider NAME and --catalog FILE are "
                                                 "both needed");
    }
    if (output != NULL && strcmp(output, "json") != 0) {
        return command_usage(&mappings_coverage, "--output %s: there is only json",
                             output);
    }
    if ((request->is_undecided && request->sample_text != NULL) ||
        (is_listing && output != NULL)) {
        return command_usage(&mappings_coverage,
                             "choose one of --undecided, --sample and "
                             "--output");
    }
    return check_numbers(request);
}

/* Reads which services matter, when that was asked for. */
static int read_scope(const struct request *request, struct catalogue *catalogue)
{
    if (request->scope == NULL) {
        return EXIT_GOOD;
    }
    struct problems problems = {0};
    struct buf text;
    bool ok = files_read(request->scope, &text, &problems) &&
              catalogue_scope(catalogue, request->scope, buf_bytes(&text), &problems);
    buf_clear(&text);
    catalogue_sort(catalogue);
    int status = ok ? EXIT_GOOD : command_problems(&problems);
    problems_clear(&problems);
    return status;
}

static void put_cell(const char *text, const char *end)
{
    table_put(text, stdout);
    fputs(end, stdout);
}

static void print_undecided(const struct coverage *coverage)
{
    for (size_t i = 0; i < coverage->count; i++) {
        const struct coverage_item *item = &coverage->items[i];
        if (item->verdict.kind == VERDICT_UNDECIDED) {
            put_cell(item->operation->service->name, "\t");
            put_cell(item->operation->name, "\n");
        }
    }
}

static void print_rule(const struct verdict *verdict)
{
    struct buf letters;
    buf_init(&letters, SIZE_MAX / 2);
    mappings_add_verdict(&letters, verdict);
    put_cell(buf_text(&letters), "\t");
    put_cell(verdict->rule->rule.id, "\t");
    const char *action =
        verdict->rule->rule.action == NULL ? "-" : verdict->rule->rule.action;
    put_cell(verdict->rule->why == NULL ? action : verdict->rule->why, "\n");
    buf_clear(&letters);
}

static void print_decision(const struct decision *decision)
{
    put_cell(decision_names[decision->class], "\t");
    put_cell(decision->file, "");
    printf(":%d\t", decision->place.line);
    put_cell(decision->why == NULL ? "-" : decision->why, "\n");
}

static void print_sample(const struct coverage *coverage, const struct request *request)
{
    size_t *places = mem_new((size_t)request->sample, sizeof(*places));
    size_t count =
        coverage_sample(coverage, request->seed, (size_t)request->sample, places);
    for (size_t i = 0; i < count; i++) {
        const struct coverage_item *item = &coverage->items[places[i]];
        put_cell(item->operation->service->name, "\t");
        put_cell(item->operation->name, "\t");
        if (item->verdict.kind == VERDICT_NONE) {
            print_decision(item->verdict.decision);
        } else {
            print_rule(&item->verdict);
        }
    }
    free(places);
}

static int report(const struct request *request, const struct coverage *coverage)
{
    const struct mappings_figures figures = {coverage, request->choice.provider,
                                             request->is_verbose};
    if (request->sample_text != NULL) {
        print_sample(coverage, request);
        return EXIT_GOOD;
    }
    if (request->is_undecided) {
        print_undecided(coverage);
    } else if (request->choice.output != NULL) {
        mappings_figures_json(&figures);
    } else {
        mappings_figures_print(&figures);
    }
    return coverage->counts[VERDICT_UNDECIDED] == 0 ? EXIT_GOOD : EXIT_FAILED;
}

static int measure(const struct request *request, const struct mappings *mappings,
                   const struct catalogue *catalogue)
{
    struct coverage coverage;
    int status = EXIT_WRONG;
    const struct verdict_packs packs = {mapping_find(mappings->set, mappings->only),
                                        mappings->decisions};
    coverage_fill(&coverage, &packs, catalogue, (int)request->priority);
    if (coverage.count == 0) {
        fprintf(stderr,
                "%s: holds no write of a service in scope; nothing was measured\n",
                request->catalogues.items[0]);
    } else {
        status = report(request, &coverage);
    }
    coverage_clear(&coverage);
    return status;
}

static int open_and_measure(const struct request *request, const struct program *program)
{
    struct mappings mappings;
    struct mappings_catalogues catalogues = {0};
    int status = mappings_open(&mappings_coverage, program, &request->choice, &mappings);
    if (status == EXIT_GOOD) {
        status = mappings_catalogues_read(&catalogues, &request->catalogues,
                                          mappings.shapes, mappings.only);
    }
    struct catalogue *catalogue = mappings_catalogues_find(&catalogues, mappings.only);
    if (status == EXIT_GOOD) {
        status = read_scope(request, catalogue);
    }
    if (status == EXIT_GOOD) {
        status = measure(request, &mappings, catalogue);
    }
    mappings_catalogues_clear(&catalogues);
    mappings_clear(&mappings);
    return status;
}

static int run_coverage(const struct program *program, int argc, char **argv)
{
    struct request request = {.seed = 1};
    const struct option_row rows[] = {
        {"provider", OPTION_TEXT, {.text = &request.choice.provider}, 'p'},
        {"catalog", OPTION_LIST, {.list = &request.catalogues}, 0},
        {"scope", OPTION_TEXT, {.text = &request.scope}, 0},
        {"priority", OPTION_TEXT, {.text = &request.priority_text}, 0},
        {"packs", OPTION_LIST, {.list = &request.choice.packs}, 0},
        {"mappings", OPTION_TEXT, {.text = &request.choice.shipped}, 0},
        {"verbose", OPTION_FLAG, {.flag = &request.is_verbose}, 'v'},
        {"undecided", OPTION_FLAG, {.flag = &request.is_undecided}, 0},
        {"sample", OPTION_TEXT, {.text = &request.sample_text}, 0},
        {"seed", OPTION_TEXT, {.text = &request.seed_text}, 0},
        {"output", OPTION_TEXT, {.text = &request.choice.output}, 'o'},
        {.kind = OPTION_END},
    };
    struct arguments arguments = {argc, argv};
    int status = options_read(&mappings_coverage, rows, &arguments);
    if (status >= 0) {
        return status;
    }
    status = check_request(&request, arguments.count);
    return status == EXIT_GOOD ? open_and_measure(&request, program) : status;
}

const struct command mappings_coverage = {
    .name = "mappings coverage",
    .summary = "which operations the packs decide on",
    .help = help,
    .run = run_coverage,
};
