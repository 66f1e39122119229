/*
 * `run`: polls, maps, delivers, and remembers.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/crew.h"
#include "commands/observe.h"
#include "commands/options.h"
#include "commands/progress.h"
#include "commands/reload.h"
#include "commands/summary.h"
#include "net/http.h"
#include "runtime.h"

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
    "SIGHUP: a long run reads configuration, packs and secrets again and goes on with\n"
    "them; with the old ones when anything is wrong (reload.refused in the log).\n"
    "SIGTERM, SIGINT: end after the batches in flight. A second one ends at once.\n"
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
    struct world_plan plan;
    struct world *world;
    struct runtime runtime;
    struct progress progress;
    struct observe observe;
    int64_t began_ms; /* monotonic */
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

static void tell_start(const struct running *running)
{
    const struct options *options = running->options;
    json_t *members = json_pack("{s:s,s:I}", "version", BRIDGE_VERSION, "sources",
                                (json_int_t)running->world->fleet.source_count);
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

static int64_t monotonic_ms(const struct running *running)
{
    return running->runtime.monotonic_ms(running->runtime.context);
}

/* What is left of --max-runtime; 0: there is no limit. */
static int64_t left_ms(const struct running *running)
{
    int64_t limit_ms = running->options->max_runtime_ms;
    int64_t took_ms = monotonic_ms(running) - running->began_ms;
    if (limit_ms == 0) {
        return 0;
    }
    return took_ms < limit_ms ? limit_ms - took_ms : 1;
}

/* A rehearsal and a backfill stand beside the run that others watch. */
static bool is_apart(const struct options *options)
{
    return options->is_dry || is_backfill(options);
}

static void watch(void *context)
{
    struct running *running = context;
    if (running->progress.fleet != NULL) {
        progress_watch(&running->progress);
    }
    observe_watch(&running->observe);
}

/* Until it is done, its time is up, a stop comes, or *next is to be run instead. */
static bool run_crew(struct running *running, struct world **next)
{
    const struct options *options = running->options;
    struct fleet *fleet = &running->world->fleet;
    struct crew_plan crew = {.worker_count = running->world->setup.config.worker_count,
                             .is_once = options->is_once || is_apart(options),
                             .is_silent = is_apart(options),
                             .max_runtime_ms = left_ms(running)};
    if (log_has_terminal()) {
        progress_begin(&running->progress, fleet, stderr);
    }
    if (running->progress.fleet != NULL || running->observe.settings != NULL) {
        crew.watch = watch;
        crew.watch_context = running;
    }
    observe_fleet(&running->observe, fleet);
    struct reload *reload = reload_begin(&running->plan, running->world, crew.is_once);
    bool ok = crew_run(fleet, &crew);
    *next = reload_end(reload);
    progress_end(&running->progress);
    return ok;
}

/* Runs one world after the other; true when nothing failed at last. */
static bool run_worlds(struct running *running)
{
    struct world *next = NULL;
    bool ok = run_crew(running, &next);
    while (next != NULL) {
        struct world *before = running->world;
        fleet_follow(&next->fleet, &before->fleet);
        reload_tell(running->plan.program, before, next);
        summary_log_left(&before->fleet, &next->fleet);
        world_free(before); /* while nothing of it may wait */
        running->world = next;
        next = NULL;
        if (runtime_resume()) {
            ok = run_crew(running, &next);
        }
    }
    return ok;
}

static void tell_end(const struct running *running, int status)
{
    const struct options *options = running->options;
    const struct fleet *fleet = &running->world->fleet;
    struct rehearsal_names unmapped = {0};
    struct summary summary = {.fleet = fleet,
                              .took_ms = monotonic_ms(running) - running->began_ms,
                              .status = status};
    summary_log(&summary);
    if (options->is_dry) {
        rehearsal_unmapped(fleet, &unmapped);
        summary.unmapped = &unmapped;
    }
    if (options->has_summary || options->is_dry || isatty(STDERR_FILENO)) {
        summary_print(&summary, options->is_dry ? stdout : stderr);
    }
    rehearsal_names_clear(&unmapped);
}

static int run_world(struct running *running)
{
    const struct options *options = running->options;
    int status = EXIT_FAILED;
    struct error err = {0};
    if (!http_global_init(&err)) {
        goto out;
    }
    runtime_init(&running->runtime);
    running->began_ms = monotonic_ms(running);
    if ((!is_apart(options) &&
         !observe_begin(&running->observe, &running->world->setup.config,
                        &running->runtime, options->is_once, &err)) ||
        !world_open(running->world, &running->plan, &running->runtime, NULL, &err)) {
        status = err.kind == ERROR_CONFIG ? EXIT_WRONG : EXIT_FAILED;
        goto out;
    }
    tell_start(running);
    status = run_worlds(running) ? EXIT_GOOD : EXIT_FAILED;
    runtime_resume(); /* metrics are yet to be handed on, which may take a second try */
    tell_end(running, status);

out:
    if (err.kind != ERROR_NONE) {
        log_write_take(
            LOG_ERROR, LOG_RUN_FAILED, NULL,
            json_pack("{s:s,s:s}", "kind", error_kind_name(err.kind), "error", err.text));
    }
    observe_end(&running->observe, status);
    world_free(running->world);
    runtime_clear(&running->runtime);
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

    reload_catch();
    struct problems problems = {0};
    struct running running = {
        .options = &options,
        .plan = {.program = program,
                 .config = options.config,
                 .mappings = options.mappings,
                 .names = options.sources.count > 0 ? options.sources.items : NULL,
                 .backfill = is_backfill(&options) ? &options.backfill : NULL,
                 .is_dry = options.is_dry}};
    running.world = world_read(&running.plan, &problems);
    status = running.world == NULL ? command_problems(&problems) : run_world(&running);
    problems_clear(&problems);
    return status;
}

const struct command command_run = {
    .name = "run",
    .summary = "poll the sources and deliver their events",
    .help = help,
    .run = run,
};
