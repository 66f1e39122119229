/*
 * `explain`: which rule, and why.
 */
#include "mapping/explain.h"

#include "commands/options.h"
#include "commands/records.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: auditbridge explain --provider NAME [--packs DIR] [FILE...]\n"
    "\n"
    "Says for each record which rules matched, with file and line, which nearly did\n"
    "and the condition that failed; and where none matched, who decided that.\n"
    "\n"
    "  --provider NAME   whose records they are: aws-cloudtrail, azure-activity,\n"
    "                    entra-audit, entra-signin, gcp-audit\n"
    "  --packs DIR       further mapping packs; may be repeated\n"
    "  --mappings DIR    the shipped packs, when not beside the program\n"
    "\n"
    "Exit status: 0 every record was read; 1 some bytes were no record; 2 wrong\n"
    "usage or mapping pack.\n";

enum { TEXT_LIMIT = 1 << 20 };

/* What records are explained with. */
struct reading {
    const struct mapping *mapping;
    const struct decisions *decisions;
};

static bool explain_one(void *context, const struct record *record,
                        const struct values *values)
{
    struct buf text;
    buf_init(&text, TEXT_LIMIT);
    const struct reading *reading = context;
    explain_record(reading->mapping, reading->decisions, record, values, &text);
    size_t written = fwrite(text.data, 1, text.size, stdout);
    bool ok = written == text.size;
    buf_clear(&text);
    return ok;
}

static int explain_files(struct reading *reading, char *const *files, size_t count)
{
    struct records records = {
        .mapping = reading->mapping, .context = reading, .take = explain_one};
    bool ok = records_read(&records, files, count) && fflush(stdout) == 0;
    return ok && records.unreadable == 0 && !records.has_failed ? EXIT_GOOD : EXIT_FAILED;
}

/* Loads the packs and decisions in directories that are about records of shape. */
static int explain_with(const struct program *program, char *const *directories,
                        const struct record_shape *shape, const struct arguments *files)
{
    const char *const *all = (const char *const *)directories;
    const struct record_shape **shapes = command_shapes(program);
    struct problems problems = {0};
    struct mapping_set *set = NULL;
    struct decisions *decisions = NULL;
    bool is_mapped = mapping_load_only(all, shapes, shape, &set, &problems);
    bool is_decided = decisions_load(all, shapes, shape, &decisions, &problems);
    int status = EXIT_WRONG;
    if (is_mapped && is_decided) {
        struct reading reading = {mapping_find(set, shape), decisions};
        status = explain_files(&reading, files->items, (size_t)files->count);
    } else {
        status = command_problems(&problems);
    }
    decisions_free(decisions);
    mapping_set_free(set);
    free(shapes);
    problems_clear(&problems);
    return status;
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
    char **directories = command_directories(shipped, packs.items, &problems);
    status = directories == NULL
                 ? command_problems(&problems)
                 : explain_with(program, directories, provider->shape, &files);
    command_directories_free(directories);
    problems_clear(&problems);
    return status;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "say which rule matched a record, and why",
    .help = help,
    .run = explain,
};
