/*
 * `map`: records in, events out. Offline and deterministic.
 */
#include "base/mem.h"
#include "commands/options.h"
#include "commands/records.h"
#include "config/principle.h"
#include "event/event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: auditbridge map --provider NAME [--format ecs|raw] [FILE...]\n"
    "\n"
    "Reads audit records and writes one event a line, in the order of the input,\n"
    "whether a rule names them or not. FILE (default: standard input) may be plain\n"
    "or gzip: NDJSON, {\"Records\":[...]} or LookupEvents answers. The same input gives\n"
    "the same bytes.\n"
    "\n"
    "  --provider NAME   whose records they are: aws-cloudtrail, azure-activity,\n"
    "                    entra-audit, entra-signin, gcp-audit\n"
    "  --format FORMAT   ecs (default): the event; raw: the record as it was\n"
    "  --account ID      account of records that do not name theirs\n"
    "  --packs DIR       further mapping packs; may be repeated\n"
    "  --mappings DIR    the shipped packs, when not beside the program\n"
    "  --summary         count events by principle on stderr\n"
    "\n"
    "What is no record is named on stderr with its place, and its neighbours are\n"
    "unharmed.\n"
    "\n"
    "Exit status: 0 every record was mapped; 1 some bytes were no record, or a file\n"
    "could not be read; 2 wrong usage or mapping pack.\n";

enum { OUT_SIZE = 64 << 10, OUT_LIMIT = 64 << 20 };

struct options {
    const char *provider;
    const char *format;
    const char *account;
    const char *mappings;
    struct option_list packs;
    bool has_summary;
};

/* What one mapped record needs; reused from record to record. */
struct mapper {
    enum event_format format;
    struct event_origin origin;
    struct match match;
    struct buf id;
    struct buf out;
    uint64_t by_principle[PRINCIPLE_COUNT];
    uint64_t unmapped;
};

static bool flush(struct buf *out)
{
    size_t written = 0;
    while (written < out->size) {
        ssize_t count = write(STDOUT_FILENO, out->data + written, out->size - written);
        if (count < 0 && errno != EINTR) {
            fprintf(stderr, "auditbridge map: cannot write: %s\n", strerror(errno));
            return false;
        }
        written += count < 0 ? 0 : (size_t)count;
    }
    out->size = 0;
    return true;
}

static void tally(struct mapper *mapper)
{
    uint32_t bits = mapper->match.principles;
    mapper->unmapped += bits == 0;
    for (size_t i = 0; bits != 0; i++, bits >>= 1) {
        mapper->by_principle[i] += bits & 1;
    }
}

static bool map_record(void *context, const struct record *record,
                       const struct values *values)
{
    struct mapper *mapper = context;
    uint8_t id16[ID16_SIZE];
    struct event event = {.record = record, .match = &mapper->match, .id = &mapper->id};

    mapping_match(mapper->origin.mapping, record, values, &mapper->match);
    tally(mapper);
    if (mapper->format != FORMAT_RAW) { /* a raw record carries no id */
        mapper->id.size = 0;
        event_identify(&mapper->origin, record, &mapper->match, &mapper->id, id16);
    }
    if (!event_write(mapper->format, &mapper->origin, &event, &mapper->out) ||
        !buf_add_byte(&mapper->out, '\n')) {
        fprintf(stderr, "auditbridge map: an event is too large\n");
        return false;
    }
    return mapper->out.size < OUT_SIZE || flush(&mapper->out);
}

static void print_summary(const struct mapper *mapper, const struct records *records)
{
    fprintf(stderr, "%" PRIu64 " records, %" PRIu64 " unreadable\n", records->read,
            records->unreadable);
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if (mapper->by_principle[i] > 0) {
            fprintf(stderr, "%-4s %9" PRIu64 "  %s\n", principles[i].ref,
                    mapper->by_principle[i], principles[i].title);
        }
    }
    fprintf(stderr, "none %9" PRIu64 "\n", mapper->unmapped);
}

static int map_files(const struct options *options, const struct mapping *mapping,
                     enum event_format format, char *const *files, size_t file_count)
{
    struct mapper mapper = {
        .format = format,
        .origin = {.mapping = mapping,
                   .source = "map",
                   .is_offline = true,
                   .provider = options->provider,
                   .account = options->account},
    };
    struct records records = {.mapping = mapping, .context = &mapper, .take = map_record};
    struct error err = {0};
    int status = EXIT_FAILED;

    buf_init(&mapper.id, OUT_SIZE);
    buf_init(&mapper.out, OUT_LIMIT);
    if (!event_origin_init(&mapper.origin, NULL, NULL, &err)) {
        fprintf(stderr, "auditbridge map: %s\n", err.text);
        goto out;
    }
    if (records_read(&records, files, file_count) && flush(&mapper.out) &&
        records.unreadable == 0 && !records.has_failed) {
        status = EXIT_GOOD;
    }
    if (options->has_summary) {
        print_summary(&mapper, &records);
    }

out:
    event_origin_clear(&mapper.origin);
    match_clear(&mapper.match);
    buf_clear(&mapper.id);
    buf_clear(&mapper.out);
    return status;
}

static bool find_format(const char *name, enum event_format *format)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(event_format_names[i], name) == 0) {
            *format = (enum event_format)i;
            return true;
        }
    }
    return false;
}

static int map(const struct program *program, int argc, char **argv)
{
    struct options options = {.format = "ecs"};
    const struct option_row rows[] = {
        {"provider", OPTION_TEXT, {.text = &options.provider}, 'p'},
        {"format", OPTION_TEXT, {.text = &options.format}, 'f'},
        {"account", OPTION_TEXT, {.text = &options.account}, 0},
        {"packs", OPTION_LIST, {.list = &options.packs}, 0},
        {"mappings", OPTION_TEXT, {.text = &options.mappings}, 0},
        {"summary", OPTION_FLAG, {.flag = &options.has_summary}, 0},
        {.kind = OPTION_END},
    };
    struct arguments files = {argc, argv};
    int status = options_read(&command_map, rows, &files);
    if (status >= 0) {
        return status;
    }
    enum event_format format = FORMAT_ECS;
    if (!find_format(options.format, &format)) {
        return command_usage(&command_map, "--format %s: write ecs or raw",
                             options.format);
    }
    if (options.provider == NULL) {
        return command_usage(&command_map, "--provider NAME is missing");
    }
    const struct provider *provider = command_provider(program, options.provider);
    if (provider == NULL || provider->shape == NULL) {
        return command_usage(&command_map, "--provider %s: there is no such provider",
                             options.provider);
    }

    struct problems problems = {0};
    struct mapping_set *set = NULL;
    const struct program narrow = {program->providers, provider->shape};
    if (command_mappings(&narrow, options.mappings, options.packs.items, &set,
                         &problems)) {
        status = map_files(&options, mapping_find(set, provider->shape), format,
                           files.items, (size_t)files.count);
    } else {
        status = command_problems(&problems);
    }
    mapping_set_free(set);
    problems_clear(&problems);
    return status;
}

const struct command command_map = {
    .name = "map",
    .summary = "turn recorded audit records into events, offline",
    .help = help,
    .run = map,
};
