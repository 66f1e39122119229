/*
 * `explain`: which rule, and why.
 */
#include "mapping/explain.h"

#include "commands/records.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "Usage: auditbridge explain --provider NAME [--packs DIR] [FILE...]\n"
    "\n"
    "Says for each record which rules matched, with file and line, which nearly did\n"
    "and the condition that failed.\n"
    "\n"
    "  --provider NAME   whose records they are: aws-cloudtrail\n"
    "  --packs DIR       a folder of further mapping packs\n"
    "  --mappings DIR    the shipped packs, when not beside the program\n"
    "\n"
    "Exit status: 0 every record was read; 1 some bytes were no record; 2 wrong\n"
    "usage or mapping pack.\n";

enum { TEXT_LIMIT = 1 << 20 };

static const struct option long_options[] = {
    {"provider", required_argument, NULL, 'p'},
    {"packs", required_argument, NULL, 'k'},
    {"mappings", required_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool explain_one(void *context, const struct record *record,
                        const struct values *values)
{
    struct buf text;
    buf_init(&text, TEXT_LIMIT);
    explain_record(context, record, values, &text);
    size_t written = fwrite(text.data, 1, text.size, stdout);
    bool ok = written == text.size;
    buf_clear(&text);
    return ok;
}

static int explain_files(const struct mapping *mapping, char *const *files, size_t count)
{
    union {
        const struct mapping *shown;
        void *context;
    } take = {.shown = mapping};
    struct records records = {
        .mapping = mapping, .context = take.context, .take = explain_one};
    bool ok = records_read(&records, files, count) && fflush(stdout) == 0;
    return ok && records.unreadable == 0 && !records.has_failed ? EXIT_GOOD : EXIT_FAILED;
}

static int explain(const struct program *program, int argc, char **argv)
{
    const char *name = NULL;
    const char *shipped = NULL;
    char *packs[] = {NULL, NULL};
    int option = 0;
    while ((option = getopt_long(argc, argv, "p:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'p':
            name = optarg;
            break;
        case 'k':
            packs[0] = optarg;
            break;
        case 'm':
            shipped = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_GOOD;
        default:
            return command_usage(&command_explain, "wrong option");
        }
    }
    if (name == NULL) {
        return command_usage(&command_explain, "--provider NAME is missing");
    }
    const struct provider *provider = command_provider(program, name);
    if (provider == NULL || provider->shape == NULL) {
        return command_usage(&command_explain, "--provider %s: there is no such provider",
                             name);
    }

    int status = EXIT_WRONG;
    struct problems problems = {0};
    struct mapping_set *set = NULL;
    if (command_mappings(program, shipped, packs, &set, &problems)) {
        status = explain_files(mapping_find(set, provider->shape), argv + optind,
                               (size_t)(argc - optind));
    } else {
        status = command_problems(&problems);
    }
    mapping_set_free(set);
    problems_clear(&problems);
    return status;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "say which rule matched a record, and why",
    .help = help,
    .run = explain,
};
