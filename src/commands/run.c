/*
 * `run`: polls, maps, delivers, and remembers.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/crew.h"
#include "commands/options.h"
#include "commands/progress.h"
#include "commands/summary.h"
#include "net/http.h"
#include "runtime.h"
#include "store/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: auditbridge run [--once] [--max-runtime DURATION] [--config FILE]\n"
    "       auditbridge run --dry-run\n"
    "       auditbridge run --from TIME [--to TIME] [--source NAME]...\n"
    "\n"
    "Reads each source from where it last stopped, labels the events, delivers\n"
    "them to the source's sinks and only then moves on.\n"
    "\n"
    "  --config FILE           configuration (default: auditbridge.yaml)\n"
    "  --once                  stop when nothing that was due at the start is left\n"
    "  --max-runtime DURATION  stop claiming work after DURATION (90s, 15m, 1h)\n"
    "  --source NAME           only that source, or all of that entry; repeatable\n"
    "  --dry-run               read, map and count what run --once would deliver;\n"
    "                          send nothing, store nothing, hold no source\n"
    "  --from TIME, --to TIME  read that stretch of the log, again or for the first\n"
    "                          time, once; the sources stay where they stand. TIME is\n"
    "                          2026-11-24T09:00:00Z or 2026-11-24; --to is now unless\n"
    "                          given. Events have the same ids as ever. With --to,\n"
    "                          the same command goes on where it was interrupted\n"
    "  --mappings DIR          the shipped packs, when not beside the program\n"
    "  --summary               print the summary even when stderr is no terminal\n"
    "  --log-level LEVEL       how much is logged to stderr: error, warn, info, debug\n"
    "  --log-format FORMAT     json, human, or auto (the default): human on a\n"
    "                          terminal, in colours unless NO_COLOR is set\n"
    "  --debug                 --log-level debug\n"
    "\n"
    "Exit status: 0 nothing failed; 1 a source or sink failed (nothing was lost:\n"
    "run again); 2 wrong usage, configuration or mapping pack.\n";

enum { TIME_UNSET = -1 };

struct options {
    const char *config;
    const char *mappings;
    int64_t max_runtime_ms;
    struct backfill backfill;
    struct option_list sources;
    bool is_once;
    bool is_dry;
    bool has_summary;
};

/* What runs, and what it ran with. */
struct running {
    const struct options *options;
    struct runtime runtime;
    struct fleet fleet;
    struct progress progress;
};

static bool is_backfill(const struct options *options)
{
    return options->backfill.from_ms != TIME_UNSET;
}

static int64_t now_ms(void)
{
    struct runtime runtime = {0};
    runtime_init(&runtime);
    int64_t now = runtime.now_ms(runtime.context);
    runtime_clear(&runtime);
    return now;
}

/* Returns -1 to go on, or what to end with. */
static int check_stretch(struct options *options)
{
    struct backfill *backfill = &options->backfill;
    int64_t now = now_ms();
    if (!is_backfill(options)) {
        return backfill->to_ms == TIME_UNSET
                   ? -1
                   : command_usage(&command_run, "--to needs --from");
    }
    if (backfill->to_ms == TIME_UNSET) {
        backfill->to_ms = now - now % MS_PER_SECOND;
    }
    if (backfill->from_ms >= now) {
        return command_usage(&command_run, "--from is in the future");
    }
    if (backfill->to_ms <= backfill->from_ms) {
        return command_usage(&command_run, "--to is not after --from");
    }
    return -1;
}

/* Reads the options; returns a status to end with, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *options)
{
    bool is_debug = false;
    size_t level = LOG_INFO;
    size_t format = LOG_AUTO;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, {.text = &options->config}, 'c'},
        {"once", OPTION_FLAG, {.flag = &options->is_once}, 0},
        {"max-runtime", OPTION_DURATION, {.ms = &options->max_runtime_ms}, 0},
        {"source", OPTION_LIST, {.list = &options->sources}, 0},
        {"dry-run", OPTION_FLAG, {.flag = &options->is_dry}, 0},
        {"from", OPTION_TIME, {.ms = &options->backfill.from_ms}, 0},
        {"to", OPTION_TIME, {.ms = &options->backfill.to_ms}, 0},
        {"mappings", OPTION_TEXT, {.text = &options->mappings}, 0},
        {"summary", OPTION_FLAG, {.flag = &options->has_summary}, 0},
        {"debug", OPTION_FLAG, {.flag = &is_debug}, 0},
        {"log-level", OPTION_CHOICE, {.choice = {log_level_names, &level}}, 0},
        {"log-format", OPTION_CHOICE, {.choice = {log_format_names, &format}}, 0},
        {.kind = OPTION_END},
    };
    struct arguments left = {argc, argv};
    int status = options_read(&command_run, rows, &left);
    if (status < 0 && left.count > 0) {
        return command_usage(&command_run, "%s: no such argument", left.items[0]);
    }
    log_set_level(is_debug ? LOG_DEBUG : (enum log_level)level);
    log_set_format((enum log_format)format);
    return status < 0 ? check_stretch(options) : status;
}

/* Every --source must be one: a slip would otherwise read nothing and look well. */
static bool check_names(const struct running *running, struct error *err)
{
    const struct fleet *fleet = &running->fleet;
    const struct option_list *names = &running->options->sources;
    for (size_t i = 0; i < names->count; i++) {
        bool is_known = fleet_is_lacking(fleet);
        for (size_t j = 0; !is_known && j < fleet->source_count; j++) {
            is_known = strcmp(names->items[i], fleet->sources[j]->name) == 0 ||
                       strcmp(names->items[i], fleet->sources[j]->config->name) == 0;
        }
        if (!is_known) {
            return error_set(err, ERROR_CONFIG,
                             "--source %s: no such source%s; 'auditbridge sources' "
                             "names them",
                             names->items[i],
                             is_backfill(running->options) ? " that is read by time"
                                                           : "");
        }
    }
    return (fleet->source_count > 0 || fleet_is_lacking(fleet) ||
            !is_backfill(running->options)) ||
           error_set(err, ERROR_CONFIG,
                     "--from: no source keeps times by which it could be read again");
}

static bool open_fleet(struct running *running, const struct program *program,
                       struct command_setup *setup, struct error *err)
{
    const struct options *options = running->options;
    const struct fleet_plan plan = {
        .config = &setup->config,
        .mappings = setup->mappings,
        .providers = program->providers,
        .runtime = &running->runtime,
        .store_type = options->is_dry ? &overlay_type : NULL,
        .backfill = is_backfill(options) ? &options->backfill : NULL,
        .names = options->sources.count > 0 ? options->sources.items : NULL,
    };
    if (options->is_dry) {
        rehearsal_prepare(&setup->config);
    }
    return fleet_open(&running->fleet, &plan, err) && check_names(running, err);
}

static void tell_start(const struct running *running)
{
    const struct options *options = running->options;
    json_t *members = json_pack("{s:s,s:I}", "version", BRIDGE_VERSION, "sources",
                                (json_int_t)running->fleet.source_count);
    if (options->is_dry) {
        json_object_set_new(members, "dry_run", json_true());
    }
    if (is_backfill(options)) {
        char text[TIMESTAMP_TEXT_SIZE];
        timestamp_format(options->backfill.from_ms, text);
        json_object_set_new(members, "from", json_string(text));
        timestamp_format(options->backfill.to_ms, text);
        json_object_set_new(members, "to", json_string(text));
    }
    log_write_take(LOG_INFO, LOG_RUN_START, NULL, members);
}

static bool has_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

static int64_t monotonic_ms(const struct running *running)
{
    return running->runtime.monotonic_ms(running->runtime.context);
}

static bool run_crew(struct running *running, size_t worker_count)
{
    const struct options *options = running->options;
    bool is_apart = options->is_dry || is_backfill(options);
    struct crew_plan crew = {.worker_count = worker_count,
                             .is_once = options->is_once || is_apart,
                             .is_silent = is_apart,
                             .max_runtime_ms = options->max_runtime_ms};
    if (has_terminal()) {
        progress_begin(&running->progress, &running->fleet, stderr);
        crew.watch = progress_watch;
        crew.watch_context = &running->progress;
    }
    bool ok = crew_run(&running->fleet, &crew);
    progress_end(&running->progress);
    return ok;
}

static void tell_end(const struct running *running, int64_t began_ms, int status)
{
    const struct options *options = running->options;
    struct rehearsal_names unmapped = {0};
    struct summary summary = {.fleet = &running->fleet,
                              .took_ms = monotonic_ms(running) - began_ms,
                              .status = status};
    summary_log(&summary);
    if (options->is_dry) {
        rehearsal_unmapped(&running->fleet, &unmapped);
        summary.unmapped = &unmapped;
    }
    if (options->has_summary || options->is_dry || isatty(STDERR_FILENO)) {
        summary_print(&summary, options->is_dry ? stdout : stderr);
    }
    rehearsal_names_clear(&unmapped);
}

static int run_fleet(const struct program *program, const struct options *options,
                     struct command_setup *setup)
{
    int status = EXIT_FAILED;
    struct error err = {0};
    struct running running = {.options = options};
    if (!http_global_init(&err)) {
        goto out;
    }
    runtime_init(&running.runtime);
    int64_t began_ms = monotonic_ms(&running);
    if (!open_fleet(&running, program, setup, &err)) {
        status = err.kind == ERROR_CONFIG ? EXIT_WRONG : EXIT_FAILED;
        goto out;
    }
    tell_start(&running);
    status = run_crew(&running, setup->config.worker_count) ? EXIT_GOOD : EXIT_FAILED;
    tell_end(&running, began_ms, status);

out:
    if (err.kind != ERROR_NONE) {
        log_write_take(
            LOG_ERROR, LOG_RUN_FAILED, NULL,
            json_pack("{s:s,s:s}", "kind", error_kind_name(err.kind), "error", err.text));
    }
    fleet_close(&running.fleet);
    runtime_clear(&running.runtime);
    http_global_cleanup();
    return status;
}

static int run(const struct program *program, int argc, char **argv)
{
    mem_tune();
    struct options options = {.config = "auditbridge.yaml",
                              .backfill = {TIME_UNSET, TIME_UNSET}};
    int status = read_options(argc, argv, &options);
    if (status >= 0) {
        return status;
    }

    struct command_setup setup;
    status = command_setup_load(program, options.config, options.mappings, &setup);
    if (status == EXIT_GOOD) {
        status = run_fleet(program, &options, &setup);
    }
    command_setup_clear(&setup);
    return status;
}

const struct command command_run = {
    .name = "run",
    .summary = "poll the sources and deliver their events",
    .help = help,
    .run = run,
};
