/*
 * `explain`: which rule, and why.
 */
#include "mapping/explain.h"

#include "commands/options.h"
#include "commands/records.h"

#include <stdio.h>

static const char help[] =
    "Usage: auditbridge explain --provider NAME [--packs DIR] [FILE...]\n"
    "\n"
    "Says for each record which rules matched, with file and line, which nearly did\n"
    "and the condition that failed.\n"
    "\n"
    "  --provider NAME   whose records they are: aws-cloudtrail\n"
    "  --packs DIR       further mapping packs; may be repeated\n"
    "  --mappings DIR    the shipped packs, when not beside the program\n"
    "\n"
    "Exit status: 0 every record was read; 1 some bytes were no record; 2 wrong\n"
    "usage or mapping pack.\n";

enum { TEXT_LIMIT = 1 << 20 };

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
    struct option_list packs = {0};
    const struct option_row rows[] = {
        {"provider", OPTION_TEXT, {.text = &name}, 'p'},
        {"packs", OPTION_LIST, {.list = &packs}, 0},
        {"mappings", OPTION_TEXT, {.text = &shipped}, 0},
        {.kind = OPTION_END},
    };
    struct arguments files = {argc, argv};
    int status = options_read(&command_explain, rows, &files);
    if (status >= 0) {
        return status;
    }
    if (name == NULL) {
        return command_usage(&command_explain, "--provider NAME is missing");
    }
    const struct provider *provider = command_provider(program, name);
    if (provider == NULL || provider->shape == NULL) {
        return command_usage(&command_explain, "--provider %s: there is no such provider",
                             name);
    }

    struct problems problems = {0};
    struct mapping_set *set = NULL;
    const struct program narrow = {program->providers, provider->shape};
    if (command_mappings(&narrow, shipped, packs.items, &set, &problems)) {
        status = explain_files(mapping_find(set, provider->shape), files.items,
                               (size_t)files.count);
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
